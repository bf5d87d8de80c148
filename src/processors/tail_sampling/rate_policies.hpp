// Chance and rates: they ask for nothing but a trace's id and size.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "processors/tail_sampling/policy.hpp"

namespace rankwire::tail_sampling {

// FNV-1a of the salt and the trace id, against a share of all 64-bit numbers: the original's, so that tiers agree.
class Probability {
 public:
  explicit Probability(const ProbabilisticSettings& settings);
  bool operator()(const Candidate& trace) const;

  // The greatest hash that is sampled, at so many percent.
  static std::uint64_t threshold_of(double percent);

 private:
  std::uint64_t salted_;
  std::uint64_t threshold_;
};

// Saves up to `burst`, from the start on.
class Bucket {
 public:
  Bucket(double per_second, double burst, const Clock& clock)
      : clock_(&clock), per_second_(per_second), burst_(burst), tokens_(burst), filled_at_(clock.now()) {}
  bool take(double tokens);

 private:
  const Clock* clock_;
  double per_second_, burst_, tokens_;
  Instant filled_at_;
};

// Fewer spans than the limit in each second of the calendar; or a bucket.
class SpanRate {
 public:
  SpanRate(const RateLimitingSettings& settings, const Clock& clock);
  bool operator()(const Candidate& trace);

 private:
  const Clock* clock_;
  std::int64_t spans_per_second_;
  std::optional<Bucket> bucket_;
  std::uint64_t second_ = 0;
  std::int64_t spans_ = 0;  // In this second.
};

class ByteRate {
 public:
  ByteRate(const BytesLimitingSettings& settings, const Clock& clock);
  bool operator()(const Candidate& trace) { return bucket_.take(static_cast<double>(trace.bytes)); }

 private:
  Bucket bucket_;
};

}  // namespace rankwire::tail_sampling
