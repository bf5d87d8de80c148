#include "receivers/file_log/parse/kubernetes_path.hpp"

#include <algorithm>

namespace rankwire::file_log {

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The last element of `path`, which loses it and the separator.
std::string_view take_last(std::string_view& path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  return last;
}

bool read_pods_path(std::string_view path, KubernetesPath& to) {
  const std::string_view file = take_last(path);
  const std::size_t dot = file.find(".log");
  if (dot == std::string_view::npos || !is_digits(file.substr(0, dot))) return false;
  const std::string_view rest = file.substr(dot + 4);
  if (!rest.empty() && rest.front() != '.') return false;
  const std::string_view container = take_last(path);
  const std::string_view pod = take_last(path);
  // Neither namespaces nor pod names nor uids contain an underscore.
  const std::size_t first = pod.find('_');
  const std::size_t second = first == std::string_view::npos ? first : pod.find('_', first + 1);
  if (second == std::string_view::npos || pod.find('_', second + 1) != std::string_view::npos) return false;
  to = {pod.substr(0, first), pod.substr(first + 1, second - first - 1), pod.substr(second + 1), container,
        file.substr(0, dot)};
  return !to.namespace_name.empty() && !to.pod_name.empty() && !to.pod_uid.empty() && !container.empty();
}

bool is_container_id(std::string_view text) {
  constexpr std::size_t size = 64;
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool read_containers_path(std::string_view path, KubernetesPath& to) {
  std::string_view file = take_last(path);
  const std::size_t dot = file.rfind(".log");
  if (dot == std::string_view::npos) return false;
  file = file.substr(0, dot);
  const std::size_t first = file.find('_');
  const std::size_t second = first == std::string_view::npos ? first : file.find('_', first + 1);
  const std::size_t dash = file.rfind('-');
  if (second == std::string_view::npos || dash == std::string_view::npos || dash < second) return false;
  if (!is_container_id(file.substr(dash + 1))) return false;
  to = {};
  to.pod_name = file.substr(0, first);
  to.namespace_name = file.substr(first + 1, second - first - 1);
  to.container_name = file.substr(second + 1, dash - second - 1);
  return !to.namespace_name.empty() && !to.pod_name.empty() && !to.container_name.empty();
}

}  // namespace

bool read_kubernetes_path(std::string_view path, KubernetesPath& to) {
  return read_pods_path(path, to) || read_containers_path(path, to);
}

}  // namespace rankwire::file_log
