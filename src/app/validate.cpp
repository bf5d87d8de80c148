// `rankwire validate`: every problem of a configuration, nothing started.
#include <ostream>

#include "app/commands.hpp"
#include "app/components.hpp"
#include "app/prepared_config.hpp"

namespace rankwire::app {

ExitCode validate(const config::Sources& sources, const Output& output) {
  const auto files = make_posix_file_system();
  const Registry registry = built_in_components();
  const PreparedConfig prepared = prepare_config(sources, *files, registry);
  output.err << prepared.diagnostics.text();
  if (prepared.diagnostics.has_errors()) {
    std::size_t errors = 0;
    for (const config::Diagnostic& one : prepared.diagnostics.all()) {
      if (one.severity == config::Severity::error) ++errors;
    }
    output.err << "The configuration is not valid: " << errors << (errors == 1 ? " error.\n" : " errors.\n");
    return ExitCode::invalid_configuration;
  }
  output.out << "The configuration is valid:";
  for (const service::PlannedPipeline& pipeline : prepared.plan.pipelines) output.out << ' ' << pipeline.id;
  output.out << '\n';
  return ExitCode::ok;
}

}  // namespace rankwire::app
