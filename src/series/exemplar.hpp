// Exemplars as Prometheus takes them.
#pragma once

#include "series/metric_name.hpp"
#include "series/series.hpp"

namespace rankwire::series {

// What senders may make of us, of one point; more are left out.
inline constexpr std::uint32_t exemplars_max = 64;

// In the arena: trace_id, span_id, and as many attributes as fit the 128 characters that OpenMetrics allows.
SampleExemplar exemplar(const Exemplar& from, const NameRules& names, Arena& arena);

}  // namespace rankwire::series
