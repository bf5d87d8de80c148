// Adds what Kubernetes knows about a pod to the resources that came from it.
#pragma once

#include "component/factory.hpp"

namespace rankwire::k8s_attributes {

ProcessorFactory k8s_attributes_factory();

}  // namespace rankwire::k8s_attributes
