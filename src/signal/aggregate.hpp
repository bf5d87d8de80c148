// Joins points of one metric into fewer. Points are only joined where they say the same: equal attributes, end time and
// flags; of deltas also the start time; of histograms also the bounds and which of sum, min and max they have.
#pragma once

#include "signal/metrics.hpp"

namespace rankwire {

enum class Aggregation : std::uint8_t { sum, mean, min, max, median, count };

// Each joined point stands where the first of its points stood, with their earliest start time and all their exemplars.
// Numbers are joined as `how` says; distributions are always added; summaries, which cannot be, stay as they are.
void aggregate_points(Metric& metric, Aggregation how, Arena& arena);

// Integers stay integers while both are; they wrap around as everywhere.
Number sum_of(const Number& a, const Number& b);
double real_of(const Number& number);
// `now` becomes what it has more than `before`, and stays if that would be less than nothing: then false.
bool subtract_if_grown(Number& now, const Number& before);
// False, and nothing changed: the bounds differ. Attributes, times and exemplars of `into` stay.
bool add_distribution(HistogramPoint& into, const HistogramPoint& from, Arena& arena);

}  // namespace rankwire
