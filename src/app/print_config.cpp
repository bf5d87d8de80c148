// `rankwire print-config`: the configuration after merge and expansion, defaults filled in.
#include <ostream>

#include "app/commands.hpp"
#include "app/components.hpp"
#include "app/prepared_config.hpp"

namespace rankwire::app {

ExitCode print_config(const PrintOptions& options, const Output& output) {
  const auto files = make_posix_file_system();
  const Registry registry = built_in_components();
  const PreparedConfig prepared = prepare_config(options.sources, *files, registry);
  output.err << prepared.diagnostics.text();
  if (prepared.diagnostics.has_errors()) {
    if (options.is_validated) return ExitCode::invalid_configuration;
    // Which values are secrets is known of valid components only.
    if (options.mode != "unredacted") {
      output.err << "What is not valid cannot be printed without its secrets; --mode unredacted prints all of it.\n";
      return ExitCode::invalid_configuration;
    }
    output.out << (options.format == "json" ? config::to_json(prepared.root) : config::to_yaml(prepared.root));
    return ExitCode::ok;
  }
  const config::Node tree = service::effective_config(prepared.plan, options.mode == "unredacted");
  output.out << (options.format == "json" ? config::to_json(tree) : config::to_yaml(tree));
  return ExitCode::ok;
}

}  // namespace rankwire::app
