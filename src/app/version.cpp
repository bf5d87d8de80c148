// `rankwire version`.
#include <ostream>

#include "app/commands.hpp"

namespace rankwire::app {

ExitCode print_version(const Output& output) {
  output.out << "rankwire version " << RANKWIRE_VERSION << '\n';
  return ExitCode::ok;
}

}  // namespace rankwire::app
