// `rankwire featuregate`: what the Collector's gates decide is decided here once and for all; this
// says which way. --feature-gates is accepted and changes nothing.
#include <algorithm>
#include <iomanip>
#include <ostream>

#include "app/commands.hpp"

namespace rankwire::app {
namespace {

struct Gate {
  std::string_view id;
  bool is_enabled;
  std::string_view description;
};

constexpr Gate gates[] = {
    {"confmap.enableMergeAppendOption", false, "Lists of several configurations are appended instead of replaced."},
    {"extension.healthcheck.useComponentStatus", true, "health_check tells how the components are."},
    {"filelog.allowFileDeletion", false, "file_log may delete what it has read."},
    {"filelog.decompressFingerprint", true, "Compressed files are known by their contents."},
    {"filelog.protobufCheckpointEncoding", false, "Positions are kept as protobuf; here in a journal of our own."},
    {"otelcol.printInitialConfig", true, "print-config exists."},
    {"pkg.exporterhelper.queueBatchEnabled", true, "Exporters batch without being told to."},
    {"receiverhelper.newReceiverMetrics", true, "Receivers tell refused from failed, and count requests."},
    {"service.AllowNoPipelines", false, "A configuration without pipelines is valid."},
    {"service.partialReload", true, "A reload restarts only what changed."},
    {"service.profilesSupport", false, "Profiles are a signal."},
    {"telemetry.newPipelineTelemetry", true, "Components count what they consume and produce."},
};

void print(const Gate& gate, std::ostream& out) {
  out << std::left << std::setw(42) << gate.id << std::setw(9) << (gate.is_enabled ? "true" : "false")
      << gate.description << '\n';
}

}  // namespace

ExitCode list_feature_gates(const std::string& id, const Output& output) {
  const auto* found = std::find_if(std::begin(gates), std::end(gates), [&](const Gate& gate) { return gate.id == id; });
  if (!id.empty() && found == std::end(gates)) {
    output.err << "unknown feature gate \"" << id << "\"; rankwire featuregate lists those that are known\n";
    return ExitCode::usage;
  }
  output.out << std::left << std::setw(42) << "ID" << std::setw(9) << "Enabled" << "Description" << '\n';
  for (const Gate& gate : gates)
    if (id.empty() || gate.id == id) print(gate, output.out);
  return ExitCode::ok;
}

}  // namespace rankwire::app
