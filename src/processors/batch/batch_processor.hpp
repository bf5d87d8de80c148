// A setting in the shape of a processor: it becomes the batching of the exporters' queues, so that
// nothing is lost in it.
#pragma once

#include "component/factory.hpp"

namespace rankwire::batch {

ProcessorFactory batch_factory();

}  // namespace rankwire::batch
