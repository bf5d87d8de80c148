// Typed configuration in, component out. No macros, no static registration: app/components.cpp
// lists the factories, and that list is passed by value.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "component/component.hpp"
#include "config/fields.hpp"

namespace rankwire {

enum class Stability : std::uint8_t { development, alpha, beta, stable };
std::string_view to_string(Stability stability);

// What a connector makes of what: logs_to_metrics is {Signal::logs, Signal::metrics}.
struct SignalPair {
  Signal from, to;
  bool operator==(const SignalPair&) const = default;
};

struct ComponentInfo {
  std::string type;                  // "otlp_http"
  std::vector<std::string> aliases;  // Older spellings, still accepted: "otlphttp".
  std::string summary;               // One sentence.
  std::vector<Signal> signals;       // What it takes; for extensions: none.
  Stability stability = Stability::beta;
  bool sets_batching = false;          // A processor whose `batch_policy` concerns the exporters of its pipeline.
  bool faces_untrusted_input = false;  // Then it has a fuzzer and bounded buffers.
  std::vector<SignalPair> pairs;       // Of connectors that do not simply pass on what they take.

  // What a connector gives of `from`.
  std::vector<Signal> given(Signal from) const;
};

// Who a component is and what it may use; handed over at creation. `environment` outlives it.
struct ComponentContext {
  config::ComponentId id;
  Environment& environment;
  std::string pipeline = {};  // Of processors, which have an instance in each pipeline: its id.
};

// A parsed configuration of whatever type the factory uses.
using AnyConfig = std::shared_ptr<const void>;

template <class Role, class... Wiring>
struct Factory {
  ComponentInfo info;
  // Reads and validates; problems go to the diagnostics. No side effects.
  std::function<AnyConfig(const config::Node&, const std::string& path, config::Diagnostics&)> parse;
  std::function<config::Node(const AnyConfig&, bool reveal_secrets)> print;
  std::function<std::vector<config::FieldInfo>()> describe;
  // `config` came from `parse` without errors.
  std::function<Result<std::unique_ptr<Role>>(const AnyConfig&, const ComponentContext&, Wiring...)> create;
  // Of connectors: the ids of pipelines that the configuration names, so that a wrong one is told with its place.
  // From the configuration's method `named_pipelines`, if it has one.
  std::function<std::vector<std::string>(const AnyConfig&)> named_pipelines;
};

// A processor changes batches in place, or holds data back: then it ends one segment of its pipeline and starts the
// next, has `create_holding` instead of `create`, and is a connector in all but its place in the configuration.
struct ProcessorFactory : Factory<Processor> {
  ProcessorFactory() = default;
  ProcessorFactory(Factory<Processor> factory) : Factory<Processor>(std::move(factory)) {}

  std::function<Result<std::unique_ptr<Connector>>(const AnyConfig&, const ComponentContext&, Intakes)> create_holding;
  bool holds_back() const { return create_holding != nullptr; }
};

using ReceiverFactory = Factory<Receiver, Intakes>;
using ExporterFactory = Factory<Exporter>;
using ConnectorFactory = Factory<Connector, Intakes>;
using ExtensionFactory = Factory<Extension>;

template <class Config, class Role, class... Wiring>
Factory<Role, Wiring...> make_factory(ComponentInfo info,
                                      Result<std::unique_ptr<Role>> (*create)(const Config&, const ComponentContext&,
                                                                              Wiring...)) {
  Factory<Role, Wiring...> factory{
      .info = std::move(info),
      .parse = [](const config::Node& node, const std::string& path, config::Diagnostics& diagnostics) -> AnyConfig {
        return std::make_shared<const Config>(config::read<Config>(node, path, diagnostics));
      },
      .print =
          [](const AnyConfig& any, bool reveal_secrets) {
            return config::Printer(reveal_secrets).print(*static_cast<const Config*>(any.get()));
          },
      .describe = [] { return config::Describer().describe<Config>(); },
      .create = {},
      .named_pipelines = {},
  };
  if (create != nullptr)
    factory.create = [create](const AnyConfig& any, const ComponentContext& context, Wiring... wiring) {
      return create(*static_cast<const Config*>(any.get()), context, wiring...);
    };
  if constexpr (requires(const Config& config) { config.named_pipelines(); })
    factory.named_pipelines = [](const AnyConfig& any) {
      return static_cast<const Config*>(any.get())->named_pipelines();
    };
  return factory;
}

// A processor that holds data back. `create` takes (const Config&, const ComponentContext&, Intakes) and returns
// Result<std::unique_ptr<Connector>>.
template <class Config, class Create>
ProcessorFactory make_holding_factory(ComponentInfo info, Create create) {
  using InPlace = Result<std::unique_ptr<Processor>> (*)(const Config&, const ComponentContext&);
  ProcessorFactory factory = make_factory<Config>(std::move(info), InPlace{nullptr});
  factory.create_holding = [create](const AnyConfig& any, const ComponentContext& context, Intakes intakes) {
    return create(*static_cast<const Config*>(any.get()), context, intakes);
  };
  return factory;
}

// Every component of a binary, by any of its spellings.
class Registry {
 public:
  void add(ReceiverFactory factory);
  void add(ProcessorFactory factory);
  void add(ExporterFactory factory);
  void add(ConnectorFactory factory);
  void add(ExtensionFactory factory);

  // Null if unknown. `type` may be an alias.
  const ReceiverFactory* receiver(std::string_view type) const;
  const ProcessorFactory* processor(std::string_view type) const;
  const ExporterFactory* exporter(std::string_view type) const;
  const ConnectorFactory* connector(std::string_view type) const;
  const ExtensionFactory* extension(std::string_view type) const;

  const std::vector<ReceiverFactory>& receivers() const { return receivers_; }
  const std::vector<ProcessorFactory>& processors() const { return processors_; }
  const std::vector<ExporterFactory>& exporters() const { return exporters_; }
  const std::vector<ConnectorFactory>& connectors() const { return connectors_; }
  const std::vector<ExtensionFactory>& extensions() const { return extensions_; }

 private:
  std::vector<ReceiverFactory> receivers_;
  std::vector<ProcessorFactory> processors_;
  std::vector<ExporterFactory> exporters_;
  std::vector<ConnectorFactory> connectors_;
  std::vector<ExtensionFactory> extensions_;
};

}  // namespace rankwire
