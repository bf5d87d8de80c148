// An attribute as the bytes that hash_seed hashes: as the original writes it, except lists and maps.
#pragma once

#include <string>
#include <string_view>

#include "signal/value.hpp"

namespace rankwire::probabilistic_sampler {

// A view of the value, or of `scratch`.
std::string_view attribute_bytes(const Value& value, std::string& scratch);

}  // namespace rankwire::probabilistic_sampler
