// Names of users as the host's /etc/passwd has them. Users that a directory service knows are not there.
#pragma once

#include <string>
#include <unordered_map>

#include "receivers/host_metrics/host_files.hpp"

namespace rankwire::host_metrics {

class UserNames {
 public:
  // Reads the file again.
  void read(HostFiles& host);
  // Empty: there is no such user. Until the next `read`.
  std::string_view of(std::uint64_t user) const;

 private:
  std::unordered_map<std::uint64_t, std::string> names_;
};

}  // namespace rankwire::host_metrics
