// Shows the newest point of every series on a page that Prometheus scrapes.
#pragma once

#include "component/factory.hpp"

namespace rankwire::prometheus_page {

ExporterFactory prometheus_page_factory();

}  // namespace rankwire::prometheus_page
