// Scrapes pages of metrics as Prometheus does.
#pragma once

#include "component/factory.hpp"

namespace rankwire::prometheus {

ReceiverFactory prometheus_factory();

}  // namespace rankwire::prometheus
