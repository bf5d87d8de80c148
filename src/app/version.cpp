// `rankwire version`. What the libraries are is decided when the build is configured (cmake/library_versions.cmake).
#include <ostream>
#include <string_view>

#include "app/commands.hpp"

#ifndef RANKWIRE_LIBRARIES
#define RANKWIRE_LIBRARIES ""
#endif

namespace rankwire::app {

ExitCode print_version(bool is_verbose, const Output& output) {
  output.out << "rankwire version " << RANKWIRE_VERSION << '\n';
  if (!is_verbose) return ExitCode::ok;
  output.out << "compiler " << __VERSION__ << '\n';
  std::string_view left = RANKWIRE_LIBRARIES;
  while (!left.empty()) {
    const std::size_t end = left.find(',');
    output.out << "library " << left.substr(0, end) << '\n';
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  return ExitCode::ok;
}

}  // namespace rankwire::app
