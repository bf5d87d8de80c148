#include "connectors/span_metrics/sampling_weight.hpp"

#include <charconv>
#include <cstdint>

namespace rankwire::span_metrics {
namespace {

constexpr std::size_t threshold_digits = 14;
constexpr double threshold_range = 0x1p56;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `use` with each part until it returns true.
template <class Use>
void split(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (use(text.substr(0, end))) return;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::optional<double> weight_of(std::string_view threshold) {
  if (threshold.empty() || threshold.size() > threshold_digits) return {};
  for (const char c : threshold)
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return {};
  std::uint64_t rejected = 0;
  std::from_chars(threshold.data(), threshold.data() + threshold.size(), rejected, 16);
  rejected <<= 4 * (threshold_digits - threshold.size());
  return threshold_range / (threshold_range - static_cast<double>(rejected));
}

}  // namespace

std::optional<double> sampling_weight(std::string_view trace_state) {
  std::optional<double> weight;
  split(trace_state, ',', [&](std::string_view member) {
    member = trimmed(member);
    if (!member.starts_with("ot=")) return false;
    split(member.substr(3), ';', [&](std::string_view field) {
      if (!field.starts_with("th:")) return false;
      weight = weight_of(field.substr(3));
      return true;
    });
    return true;
  });
  return weight;
}

}  // namespace rankwire::span_metrics
