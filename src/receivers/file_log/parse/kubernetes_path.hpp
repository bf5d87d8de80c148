// Which pod and container a log file belongs to, read from its path.
#pragma once

#include <string_view>

namespace rankwire::file_log {

struct KubernetesPath {
  std::string_view namespace_name, pod_name, pod_uid, container_name, restart_count;  // Views into the path.
};

// Understands /var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log, also rotated
// (0.log.20240102-030405, .gz), and /var/log/containers/<pod>_<namespace>_<container>-<id>.log,
// which has no uid and no restart count. False for any other path.
bool read_kubernetes_path(std::string_view path, KubernetesPath& to);

}  // namespace rankwire::file_log
