// How large a record counts: its texts and keys, and eight bytes for what has no length. Not its encoded size, but what
// a user who looks at the log would say.
#pragma once

#include <cstdint>

#include "signal/logs.hpp"
#include "signal/metrics.hpp"
#include "signal/traces.hpp"

namespace rankwire::rate_limit {

std::uint64_t bytes_of(const LogRecord& record);
std::uint64_t bytes_of(const Span& span);
std::uint64_t bytes_of(const Metric& metric);
std::uint64_t bytes_of(const NumberPoint& point);
std::uint64_t bytes_of(const HistogramPoint& point);
std::uint64_t bytes_of(const ExponentialHistogramPoint& point);
std::uint64_t bytes_of(const SummaryPoint& point);

template <class Record>
std::uint64_t count_of(const Record&) {
  return 1;
}
inline std::uint64_t count_of(const Metric& metric) { return metric.point_count(); }

}  // namespace rankwire::rate_limit
