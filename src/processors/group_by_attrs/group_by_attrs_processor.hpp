// Moves records under resources that have their grouping attributes, and joins equal resources and scopes.
#pragma once

#include "component/factory.hpp"

namespace rankwire::group_by_attrs {

ProcessorFactory group_by_attrs_factory();

}  // namespace rankwire::group_by_attrs
