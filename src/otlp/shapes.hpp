// The shape of every message: which field has which wire type and which message lies inside it.
// One table serves decoding, counting and splitting, so that they agree on what is well formed.
#pragma once

#include <array>
#include <cstdint>

#include "otlp/fields.hpp"

namespace rankwire::otlp {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, length = 2, group_start = 3, group_end = 4, fixed32 = 5 };

constexpr std::uint32_t tag_of(field::Number number, WireType type) {
  return number << 3 | static_cast<std::uint32_t>(type);
}
constexpr std::uint32_t varint_tag(field::Number number) { return tag_of(number, WireType::varint); }
constexpr std::uint32_t fixed32_tag(field::Number number) { return tag_of(number, WireType::fixed32); }
constexpr std::uint32_t fixed64_tag(field::Number number) { return tag_of(number, WireType::fixed64); }
constexpr std::uint32_t length_tag(field::Number number) { return tag_of(number, WireType::length); }

enum class Message : std::uint8_t {
  log_request,
  log_resource,
  log_scope,
  log_record,
  metric_request,
  metric_resource,
  metric_scope,
  metric,
  gauge,
  sum,
  histogram,
  exponential_histogram,
  summary,
  number_point,
  histogram_point,
  exponential_point,
  summary_point,
  buckets,
  quantile,
  exemplar,
  trace_request,
  trace_resource,
  trace_scope,
  span,
  event,
  link,
  status,
  resource,
  entity,
  scope,
  key_value,
  value,
  array,
  map,
  count_of_messages
};

// What to do with a field of a given tag. The first six are also what unknown fields come to.
enum class Action : std::uint8_t {
  varint,
  fixed64,
  bytes,
  group,
  stray_group_end,
  fixed32,
  malformed_tag,
  wrong_type,      // A known field number with another wire type.
  trace_id,        // 0 or 16 bytes.
  span_id,         // 0 or 8 bytes.
  packed_varint,   // Bytes that must be varints.
  packed_fixed64,  // Bytes whose number must be a multiple of 8.
  message,         // Goes on inside.
  record,          // As `message`, and counts.
  metric_data,     // As `message`, but only the last kind of data of a metric counts.
};

struct FieldShape {
  Action action = Action::malformed_tag;
  Message inside = Message::count_of_messages;
};

// Every field number in use is at most 16.
inline constexpr std::uint32_t shape_tags = 17 * 8;

struct Shape {
  std::array<FieldShape, shape_tags> by_tag;
};

extern const std::array<Shape, static_cast<std::size_t>(Message::count_of_messages)> shapes;

// For tags that no message of ours uses.
inline FieldShape shape_of(Message message, std::uint32_t tag) {
  if (tag < shape_tags) [[likely]]
    return shapes[static_cast<std::size_t>(message)].by_tag[tag];
  return (tag & 7) <= 5 ? FieldShape{static_cast<Action>(tag & 7)} : FieldShape{};
}

}  // namespace rankwire::otlp
