#include "connectors/forward/forward_connector.hpp"

namespace rankwire::forward {
namespace {

struct ForwardConfig {
  void fields(config::Fields&) {}
};

// The intake of a signal stands for all pipelines of that signal that receive from here: fan-out is
// the service's.
class ForwardConnector final : public Connector {
 public:
  explicit ForwardConnector(Intakes intakes) : intakes_(intakes) {}

  bool reads_records() const override { return false; }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    Intake* intake = intakes_.of(batch.signal());
    if (intake == nullptr)
      return Error(ErrorKind::invalid, "no pipeline of " + std::string(to_string(batch.signal())) + " starts here");
    return pass_on(*intake, std::move(batch), std::move(completion));
  }

 private:
  const Intakes intakes_;
};

Result<std::unique_ptr<Connector>> create(const ForwardConfig&, const ComponentContext&, Intakes intakes) {
  return std::unique_ptr<Connector>(std::make_unique<ForwardConnector>(intakes));
}

}  // namespace

ConnectorFactory forward_factory() {
  return make_factory<ForwardConfig, Connector, Intakes>({.type = "forward",
                                                          .aliases = {},
                                                          .summary = "Passes what one pipeline sends on to others.",
                                                          .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                          .stability = Stability::stable},
                                                         create);
}

}  // namespace rankwire::forward
