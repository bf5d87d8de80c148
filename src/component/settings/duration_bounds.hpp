// Bounds of a histogram of durations as users write them: ["2ms", "10ms", "1s"].
#pragma once

#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire {

// Of the list `key`: each is a duration, longer than the one before it, and there are at most `count_max`.
void check_duration_bounds(const std::string& key, const std::vector<std::string>& bounds, std::size_t count_max,
                           config::Validator& v);
// Bounds that were checked, as numbers of `unit`.
std::vector<double> numbers_of(const std::vector<std::string>& bounds, Duration unit);

}  // namespace rankwire
