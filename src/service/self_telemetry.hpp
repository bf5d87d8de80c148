// The figures of the process itself, and the endpoint that serves every figure to Prometheus.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "component/component.hpp"
#include "service/memory_budget.hpp"
#include "service/process_figures.hpp"
#include "service/telemetry_settings.hpp"

namespace rankwire::service {

// otelcol_process_* and the memory budget, read when scraped.
std::vector<std::shared_ptr<void>> register_process_figures(Environment& environment, const ResidentMemory& resident,
                                                            const std::shared_ptr<MemoryBudget>& budget);

class MetricsEndpoint {
 public:
  virtual ~MetricsEndpoint() = default;
  virtual std::uint16_t port() const = 0;
};

// Serves GET /metrics until destroyed. The error of an address in use says how to choose another.
Result<std::unique_ptr<MetricsEndpoint>> serve_metrics(const PrometheusReader& where, Environment& environment);

}  // namespace rankwire::service
