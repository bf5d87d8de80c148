// The bugs that can be planted, by name, and in how many seeds each must be found.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/planted_bug.hpp"

namespace rankwire::simulation {

struct Planted {
  std::string_view name;
  PlantedBug bug;
  std::uint64_t seeds_max;
  std::array<std::string_view, 2> with;  // Faults in every run, for what is rarely hit otherwise.
};

std::span<const Planted> all_planted();
// Null if there is none of that name.
const Planted* find_planted(std::string_view name);
// Whether this build can plant any.
bool can_plant();
void plant(PlantedBug bug);

}  // namespace rankwire::simulation
