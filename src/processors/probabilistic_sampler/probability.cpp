#include "processors/probabilistic_sampler/probability.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rankwire::probabilistic_sampler {
namespace {

constexpr int hash_bits = 14;
constexpr std::uint32_t hash_buckets = 1U << hash_bits;

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (code != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// How many hexadecimal digits at the front carry no information about so small a number.
int leading_digits(double value) {
  int exponent = 0;
  (void)std::frexp(value, &exponent);
  return -exponent / 4;
}

std::uint32_t fnv1a(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = 2166136261U;
  const auto add = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 16777619U; };
  for (int shift = 0; shift < 32; shift += 8) add(static_cast<std::uint8_t>(seed >> shift));
  for (const char c : bytes) add(static_cast<std::uint8_t>(c));
  return hash;
}

}  // namespace

std::optional<std::uint64_t> threshold_of(double probability, int precision) {
  if (!(probability >= probability_min && probability <= 1)) return {};
  if (probability == 1) return 0;
  const int digits =
      std::min(hex_digits_max, precision + std::max(leading_digits(probability), leading_digits(1 - probability)));
  std::uint64_t threshold =
      threshold_max - static_cast<std::uint64_t>(std::round(probability * static_cast<double>(threshold_max)));
  if (const int dropped = 4 * (hex_digits_max - digits); dropped != 0) {
    threshold += std::uint64_t{1} << (dropped - 1);
    threshold = threshold >> dropped << dropped;
  }
  return threshold;
}

double probability_of(std::uint64_t threshold) {
  return static_cast<double>(threshold_max - threshold) / static_cast<double>(threshold_max);
}

std::optional<std::uint64_t> parse_threshold(std::string_view text) {
  if (text.empty() || text.size() > hex_digits_max) return {};
  const auto value = parse_hex(text);
  if (!value) return {};
  return *value << (4 * (hex_digits_max - static_cast<int>(text.size())));
}

std::optional<std::uint64_t> parse_randomness(std::string_view text) {
  return text.size() == hex_digits_max ? parse_hex(text) : std::nullopt;
}

std::string_view randomness_text(std::uint64_t randomness, Arena& arena) {
  char digits[hex_digits_max];
  for (int i = hex_digits_max - 1; i >= 0; --i, randomness >>= 4) digits[i] = "0123456789abcdef"[randomness & 15];
  return arena.copy({digits, sizeof digits});
}

std::string_view threshold_text(std::uint64_t threshold, Arena& arena) {
  if (threshold == 0) return "0";
  const std::string_view digits = randomness_text(threshold, arena);
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

std::uint64_t randomness_of(const TraceId& id) {
  std::uint64_t randomness = 0;
  for (int i = 9; i < 16; ++i) randomness = randomness << 8 | id.bytes[i];
  return randomness;
}

std::uint64_t hashed_randomness(std::string_view bytes, std::uint32_t seed) {
  const std::uint32_t hash = fnv1a(bytes, seed);
  const std::uint64_t bucket = hash & (hash_buckets - 1);
  // Buckets below a limit are kept, randomness above a threshold: the most significant bits are turned round. The rest
  // is the remaining bits of the hash, so that the value looks random to samplers after this one.
  const std::uint64_t upper = hash >> (32 - hash_bits);
  return (hash_buckets - 1 - bucket) << 42 | (upper ^ upper << 10) << 14 | bucket;
}

std::uint64_t hashed_threshold(float percentage) {
  const auto kept = static_cast<std::uint32_t>(percentage * (static_cast<float>(hash_buckets) / 100.0F));
  return static_cast<std::uint64_t>(hash_buckets - std::min(kept, hash_buckets)) << 42;
}

}  // namespace rankwire::probabilistic_sampler
