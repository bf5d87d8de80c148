// One line of a container runtime's log file: CRI (containerd, CRI-O) or Docker's json-file.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "signal/value.hpp"
#include "text/timestamp.hpp"

namespace rankwire::file_log {

enum class ContainerFormat : std::uint8_t { automatic, docker, crio, containerd };

struct ContainerLine {
  std::uint64_t time_unix_nanos = 0;
  std::string_view stream;   // "stdout", "stderr".
  std::string_view tag;      // CRI only: "F", "P", or with further tags "P:x".
  std::string_view message;  // Into the line (CRI) or the arena (Docker, unescaped).
  bool is_partial = false;
  bool is_docker = false;
  Attributes extra;  // Docker: keys besides log, stream and time.
};

// Each is false when `line` is not of that format; `line` has no line end. Views point into `line`
// unless said otherwise.
bool read_cri_line(std::string_view line, text::Rfc3339Reader& time, ContainerLine& to);
bool read_docker_line(std::string_view line, text::Rfc3339Reader& time, Arena& arena, ContainerLine& to);
bool read_container_line(std::string_view line, ContainerFormat format, text::Rfc3339Reader& time, Arena& arena,
                         ContainerLine& to);

}  // namespace rankwire::file_log
