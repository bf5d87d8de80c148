// Renames, copies, combines and regroups metrics, and changes their labels and values, within one batch.
#pragma once

#include "component/factory.hpp"

namespace rankwire::metrics_transform {

ProcessorFactory metrics_transform_factory();

}  // namespace rankwire::metrics_transform
