// Sends metrics to a Prometheus server, or to what takes its Remote Write.
#pragma once

#include "component/factory.hpp"

namespace rankwire::prometheus_remote_write {

ExporterFactory prometheus_remote_write_factory();

}  // namespace rankwire::prometheus_remote_write
