// Finds out which destinations there are.
#pragma once

#include <functional>
#include <memory>

#include "component/component.hpp"
#include "exporters/load_balancing/load_balancing_config.hpp"

namespace rankwire::load_balancing {

class Resolver {
 public:
  // Called with the endpoints, sorted, each once, one call at a time; perhaps none.
  using Found = std::function<void(std::vector<std::string> endpoints)>;

  virtual ~Resolver() = default;
  // Fails where a person must act.
  virtual Result<void> start(Found found) = 0;
  virtual void stop() = 0;
};

// `owner`: the exporter, for telemetry. The configuration outlives the resolver.
std::unique_ptr<Resolver> make_resolver(const ResolverConfig& config, Environment& environment,
                                        const std::string& owner);
std::unique_ptr<Resolver> make_kubernetes_resolver(const KubernetesConfig& config, Environment& environment,
                                                   const std::string& owner);

}  // namespace rankwire::load_balancing
