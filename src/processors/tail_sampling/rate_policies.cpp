#include "processors/tail_sampling/rate_policies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rankwire::tail_sampling {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

}  // namespace

Probability::Probability(const ProbabilisticSettings& settings)
    : salted_(fnv1a(0xcbf29ce484222325u, settings.hash_salt.empty() ? "default-hash-seed" : settings.hash_salt)),
      threshold_(threshold_of(settings.sampling_percentage)) {}

bool Probability::operator()(const Candidate& trace) const {
  return fnv1a(salted_, {reinterpret_cast<const char*>(trace.id.bytes), sizeof trace.id.bytes}) <= threshold_;
}

// The product of the greatest number and the share, rounded to 64 bits of precision and then down: exactly that.
std::uint64_t Probability::threshold_of(double percent) {
  const double share = percent / 100;
  if (!(share > 0)) return 0;
  if (share >= 1) return UINT64_MAX;
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(share, &exponent), 53));
  Wide product = static_cast<Wide>(UINT64_MAX) * mantissa;
  int scale = exponent - 53;  // share = mantissa * 2^scale
  const auto high = static_cast<std::uint64_t>(product >> 64);
  if (const int excess = std::bit_width(high); excess > 0) {
    const Wide one = 1;
    const Wide rest = product & ((one << excess) - 1);
    const Wide half = one << (excess - 1);
    product >>= excess;
    if (rest > half || (rest == half && (product & 1) != 0)) ++product;
    scale += excess;
  }
  if (scale >= 0) return static_cast<std::uint64_t>(product << scale);
  return scale <= -128 ? 0 : static_cast<std::uint64_t>(product >> -scale);
}

bool Bucket::take(double tokens) {
  const Instant now = clock_->now();
  const double seconds = std::chrono::duration<double>(now - filled_at_).count();
  filled_at_ = now;
  tokens_ = std::min(burst_, tokens_ + std::max(0.0, seconds) * per_second_);
  if (tokens > burst_ || tokens > tokens_) return false;
  tokens_ -= tokens;
  return true;
}

SpanRate::SpanRate(const RateLimitingSettings& settings, const Clock& clock)
    : clock_(&clock), spans_per_second_(settings.spans_per_second) {
  if (settings.burst_capacity)
    bucket_.emplace(static_cast<double>(settings.spans_per_second), static_cast<double>(*settings.burst_capacity),
                    clock);
}

bool SpanRate::operator()(const Candidate& trace) {
  if (bucket_) return bucket_->take(static_cast<double>(trace.span_count));
  if (const std::uint64_t second = clock_->unix_nanos() / 1'000'000'000; second != second_) {
    second_ = second;
    spans_ = 0;
  }
  const std::int64_t spans = spans_ + static_cast<std::int64_t>(trace.span_count);
  if (spans >= spans_per_second_) return false;
  spans_ = spans;
  return true;
}

ByteRate::ByteRate(const BytesLimitingSettings& settings, const Clock& clock)
    : bucket_(
          static_cast<double>(settings.bytes_per_second),
          static_cast<double>(settings.burst_capacity > 0 ? settings.burst_capacity : settings.bytes_per_second * 2),
          clock) {}

}  // namespace rankwire::tail_sampling
