#include "processors/probabilistic_sampler/sampler.hpp"

#include <algorithm>

#include "processors/probabilistic_sampler/probability.hpp"

namespace rankwire::probabilistic_sampler {

Sampler::Sampler(Mode mode, float percentage, int precision, bool fails_closed)
    : mode_(mode == Mode::unset ? Mode::hash_seed : mode), fails_closed_(fails_closed), precision_(precision) {
  ratio_ = std::max(static_cast<double>(std::min(percentage, 100.0F)) / 100, probability_min);
  threshold_ = mode_ == Mode::hash_seed ? hashed_threshold(std::min(percentage, 100.0F))
                                        : threshold_of(ratio_, precision).value_or(threshold_max);
  is_never_ = percentage == 0 || threshold_ == threshold_max;
}

Drawn Sampler::draw(const Item& item, Decision& decision) const {
  const Drawn missing{randomness_max, Policy::missing};
  if (is_never_) return {randomness_max, Policy::priority};
  if (mode_ != Mode::hash_seed) {
    if (item.is_parsable && item.randomness) return {*item.randomness, Policy::explicit_randomness};
    return item.is_parsable && item.trace_id ? Drawn{*item.trace_id, Policy::trace_id} : missing;
  }
  const Drawn drawn = item.hashed.value_or(missing);
  if (!item.is_parsable) return drawn;
  if (item.randomness || item.threshold) {
    decision.problem = item.randomness ? Problem::randomness_in_use : Problem::threshold_in_use;
    decision.must_write = false;
  } else if (item.hashed || item.writes_missing_randomness) {
    decision.randomness = drawn.randomness;
  }
  return drawn;
}

std::uint64_t Sampler::threshold_for(const std::optional<std::uint64_t>& arriving) const {
  if (is_never_) return threshold_max;
  switch (mode_) {
    case Mode::equalizing: return std::max(threshold_, arriving.value_or(0));
    case Mode::proportional:
      if (!arriving) return threshold_;
      return threshold_of(probability_of(*arriving) * ratio_, precision_).value_or(threshold_max);
    default: return threshold_;
  }
}

Decision Sampler::decide(const Item& item) const {
  Decision decision;
  decision.must_write = item.is_parsable;
  decision.randomness = item.randomness;
  decision.threshold = item.threshold;
  if (!item.is_parsable) decision.problem = Problem::unparsable;
  const Drawn drawn = draw(item, decision);
  decision.policy = drawn.policy;
  if (decision.problem == Problem::none && drawn.policy == Policy::missing) {
    decision.problem = Problem::missing_randomness;
  } else if (decision.problem == Problem::none && item.threshold && *item.threshold > drawn.randomness) {
    decision.problem = Problem::inconsistent_threshold;
    decision.threshold.reset();
  }
  std::uint64_t threshold = 0;
  if (decision.problem == Problem::none)
    threshold = threshold_for(item.threshold);
  else if (fails_closed_)
    threshold = threshold_max;
  if (item.priority) {
    threshold = *item.priority;
    decision.policy = Policy::priority;
  }
  decision.is_kept = threshold <= drawn.randomness;
  // What was sampled more strictly before stays so: a probability can only fall.
  decision.threshold = std::max(threshold, decision.threshold.value_or(0));
  return decision;
}

}  // namespace rankwire::probabilistic_sampler
