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

inline std::uint64_t count_of(const LogRecord&) { return 1; }
inline std::uint64_t count_of(const Span&) { return 1; }
inline std::uint64_t count_of(const Metric& metric) { return metric.point_count(); }

}  // namespace rankwire::rate_limit
