// Requests, errors and durations as metrics, from spans.
#pragma once

#include "component/factory.hpp"

namespace rankwire::span_metrics {

ConnectorFactory span_metrics_factory();

}  // namespace rankwire::span_metrics
