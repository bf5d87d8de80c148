#include "series/exemplar.hpp"

#include <algorithm>

#include "otlp/value_text.hpp"
#include "signal/aggregate.hpp"

namespace rankwire::series {
namespace {

constexpr std::uint64_t nanos_per_milli = 1'000'000;
// Of all labels of an exemplar together, in characters, as OpenMetrics has it.
constexpr std::size_t exemplar_text_max = 128;

std::string_view hexadecimal(const std::uint8_t* bytes, std::size_t count, Arena& arena) {
  constexpr char digits[] = "0123456789abcdef";
  char* text = arena.allocate_array<char>(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return {text, 2 * count};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

SampleExemplar exemplar(const Exemplar& from, const NameRules& names, Arena& arena) {
  SampleExemplar made{.labels = {},
                      .value = real_of(from.value),
                      .time_millis = static_cast<std::int64_t>(from.time_unix_nanos / nanos_per_milli)};
  std::size_t length = 0;
  const auto push = [&](std::string_view name, std::string_view value) {
    length += characters(name) + characters(value);
    if (length <= exemplar_text_max && !name.empty()) made.labels.push(arena, {name, value});
  };
  if (from.trace_id.is_set()) push("trace_id", hexadecimal(from.trace_id.bytes, 16, arena));
  if (from.span_id.is_set()) push("span_id", hexadecimal(from.span_id.bytes, 8, arena));
  for (const KeyValue& attribute : from.filtered_attributes)
    push(arena.copy(label_name(attribute.key, names)), otlp::text_of(attribute.value, arena));
  std::sort(made.labels.begin(), made.labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  return made;
}

}  // namespace rankwire::series
