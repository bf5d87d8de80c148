// One GET over a Unix socket, which the Docker daemon listens on. HTTP/1.0: the answer ends with the connection.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace rankwire::resource_detection {

struct UnixAnswer {
  int status = 0;
  std::string body;
};

// Everything that was received until the end of the connection.
Result<UnixAnswer> parse_unix_answer(std::string_view text);

Result<UnixAnswer> get_over_unix_socket(const std::string& socket_path, const std::string& target, const Clock& clock,
                                        Deadline deadline, const std::stop_token& stop);

}  // namespace rankwire::resource_detection
