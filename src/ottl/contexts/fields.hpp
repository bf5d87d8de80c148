// The tables of the contexts, one file each.
#pragma once

#include "ottl/program/path_field.hpp"

namespace rankwire::ottl {

std::span<const PathField> resource_fields();
std::span<const PathField> scope_fields();
std::span<const PathField> log_fields();
std::span<const PathField> span_fields();
std::span<const PathField> span_event_fields();
std::span<const PathField> metric_fields();
std::span<const PathField> data_point_fields();
std::span<const PathField> otelcol_fields();
// What every context has without a name in front: "cache".
const PathField& cache_field();

}  // namespace rankwire::ottl
