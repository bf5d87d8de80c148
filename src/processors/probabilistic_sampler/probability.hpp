// Consistent probability sampling as OpenTelemetry specifies it: 56 bits of randomness, which every sampler of a trace
// sees alike, against a rejection threshold of 56 bits. An item is kept when its randomness is not below the threshold.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.hpp"
#include "signal/resource.hpp"

namespace rankwire::probabilistic_sampler {

inline constexpr std::uint64_t threshold_max = std::uint64_t{1} << 56;  // Rejects everything.
inline constexpr std::uint64_t randomness_max = threshold_max - 1;
inline constexpr int hex_digits_max = 14;
inline constexpr double probability_min = 0x1.0p-56;

// Nothing if it is not in [2^-56, 1]. `precision`: hexadecimal digits, more where leading ones are all 0 or all f.
std::optional<std::uint64_t> threshold_of(double probability, int precision);
double probability_of(std::uint64_t threshold);

// 1 to 14 hexadecimal digits, trailing zeros left out.
std::optional<std::uint64_t> parse_threshold(std::string_view text);
// Exactly 14.
std::optional<std::uint64_t> parse_randomness(std::string_view text);
// Of a threshold that does not reject everything.
std::string_view threshold_text(std::uint64_t threshold, Arena& arena);
std::string_view randomness_text(std::uint64_t randomness, Arena& arena);

// The last seven bytes of a trace id.
std::uint64_t randomness_of(const TraceId& id);
// What the hash_seed mode makes of bytes: 14 bits decide.
std::uint64_t hashed_randomness(std::string_view bytes, std::uint32_t seed);
// The share of 2^14 buckets that is kept, as a threshold; rounds towards fewer.
std::uint64_t hashed_threshold(float percentage);

}  // namespace rankwire::probabilistic_sampler
