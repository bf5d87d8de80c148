// Copies whose every byte lies in another arena, for what outlives the batch it came in.
#pragma once

#include "signal/batch.hpp"

namespace rankwire {

Resource deep_copy(const Resource& resource, Arena& arena);
Scope deep_copy(const Scope& scope, Arena& arena);
LogRecord deep_copy(const LogRecord& record, Arena& arena);
Span deep_copy(const Span& span, Arena& arena);
// Name, unit and what else is said once: without points.
Metric deep_copy_head(const Metric& metric, Arena& arena);
NumberPoint deep_copy(const NumberPoint& point, Arena& arena);
HistogramPoint deep_copy(const HistogramPoint& point, Arena& arena);
ExponentialHistogramPoint deep_copy(const ExponentialHistogramPoint& point, Arena& arena);
SummaryPoint deep_copy(const SummaryPoint& point, Arena& arena);

}  // namespace rankwire
