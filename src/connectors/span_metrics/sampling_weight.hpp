// How many spans a sampled one stands for, by the threshold in its trace state (`ot=th:…`).
#pragma once

#include <optional>
#include <string_view>

namespace rankwire::span_metrics {

// Nothing: the trace state has no threshold, and the span stands for itself.
std::optional<double> sampling_weight(std::string_view trace_state);

}  // namespace rankwire::span_metrics
