#include "component/factory.hpp"

#include <algorithm>

namespace rankwire {

std::string_view to_string(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::receiver: return "receiver";
    case ComponentKind::processor: return "processor";
    case ComponentKind::exporter: return "exporter";
    case ComponentKind::connector: return "connector";
    case ComponentKind::extension: return "extension";
  }
  return "unknown";
}

std::string_view to_string(Stability stability) {
  switch (stability) {
    case Stability::development: return "development";
    case Stability::alpha: return "alpha";
    case Stability::beta: return "beta";
    case Stability::stable: return "stable";
  }
  return "unknown";
}

std::vector<Signal> ComponentInfo::given(Signal from) const {
  std::vector<Signal> all;
  for (const SignalPair& pair : pairs)
    if (pair.from == from) all.push_back(pair.to);
  if (pairs.empty() && std::find(signals.begin(), signals.end(), from) != signals.end()) all.push_back(from);
  return all;
}

namespace {
template <class AnyFactory>
const AnyFactory* find_factory(const std::vector<AnyFactory>& factories, std::string_view type) {
  for (const AnyFactory& factory : factories) {
    const auto& aliases = factory.info.aliases;
    if (factory.info.type == type || std::find(aliases.begin(), aliases.end(), type) != aliases.end()) return &factory;
  }
  return nullptr;
}
}  // namespace

void Registry::add(ReceiverFactory factory) { receivers_.push_back(std::move(factory)); }
void Registry::add(ProcessorFactory factory) { processors_.push_back(std::move(factory)); }
void Registry::add(ExporterFactory factory) { exporters_.push_back(std::move(factory)); }
void Registry::add(ConnectorFactory factory) { connectors_.push_back(std::move(factory)); }
void Registry::add(ExtensionFactory factory) { extensions_.push_back(std::move(factory)); }

const ReceiverFactory* Registry::receiver(std::string_view type) const { return find_factory(receivers_, type); }
const ProcessorFactory* Registry::processor(std::string_view type) const { return find_factory(processors_, type); }
const ExporterFactory* Registry::exporter(std::string_view type) const { return find_factory(exporters_, type); }
const ConnectorFactory* Registry::connector(std::string_view type) const { return find_factory(connectors_, type); }
const ExtensionFactory* Registry::extension(std::string_view type) const { return find_factory(extensions_, type); }

}  // namespace rankwire
