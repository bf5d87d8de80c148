#include "exporters/nop/nop_exporter.hpp"

namespace rankwire::nop {

namespace {

struct NopConfig {
  void fields(config::Fields&) {}
};

class NopExporter final : public Exporter {
 public:
  Result<Receipt> send(OutgoingBatch&, std::stop_token) override { return Receipt{}; }
};

Result<std::unique_ptr<Exporter>> create(const NopConfig&, const ComponentContext&) {
  return std::make_unique<NopExporter>();
}

}  // namespace

ExporterFactory nop_factory() {
  return make_factory<NopConfig>(
      {
          .type = "nop",
          .aliases = {},
          .summary = "Accepts everything and does nothing with it.",
          .signals = {Signal::logs, Signal::metrics, Signal::traces},
          .stability = Stability::stable,
      },
      create);
}

}  // namespace rankwire::nop
