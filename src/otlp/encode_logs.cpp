// Encoding of log records.
#include "otlp/encoder.hpp"

namespace rankwire::otlp {

namespace {

// Attributes, times and ids come to about this much around a body.
constexpr std::size_t around_body_estimate = 90;

std::size_t body_size(const LogRecord& record) {
  return record.body.type() == ValueType::text || record.body.type() == ValueType::bytes ? record.body.text().size()
                                                                                         : 0;
}

}  // namespace

bool Encoder::simple_record(const LogRecord& record) {
  namespace f = field::log_record;
  const bool is_simple = record.body.is_text() && record.severity_number == 0 && record.severity_text.empty() &&
                         record.dropped_attributes_count == 0 && record.flags == 0 && !record.trace_id.is_set() &&
                         !record.span_id.is_set() && record.event_name.empty();
  if (!is_simple) return false;
  const bool has_attributes = !record.attributes.empty();
  const std::size_t slot = has_attributes ? remembered(f::attributes, record.attributes) : 0;
  if (slot == none_remembered) return false;
  const std::size_t attributes_size = has_attributes ? out_.remembered_size(slot) : 0;
  const std::string_view text = record.body.text();
  const std::size_t value_size = 1 + varint_size(text.size()) + text.size();
  const std::size_t times_size = (record.time_unix_nanos != 0 ? 9 : 0) + (record.observed_time_unix_nanos != 0 ? 9 : 0);
  const std::size_t size = times_size + 1 + varint_size(value_size) + value_size + attributes_size;
  out_.room(size + 16);
  out_.put_varint(length_tag(field::scope_group::records));
  out_.put_varint(size);
  if (record.time_unix_nanos != 0) out_.put_fixed64(f::time, record.time_unix_nanos);
  out_.put_varint(length_tag(f::body));
  out_.put_varint(value_size);
  out_.put_text(field::value::text, text);
  if (has_attributes) out_.put_remembered(slot);
  if (record.observed_time_unix_nanos != 0) out_.put_fixed64(f::observed_time, record.observed_time_unix_nanos);
  return true;
}

void Encoder::record(const LogRecord& record) {
  namespace f = field::log_record;
  if (simple_record(record)) return;
  const std::size_t size = body_size(record) + around_body_estimate;
  const OpenMessage open = out_.open(field::scope_group::records, static_cast<std::uint32_t>(varint_size(size)));
  out_.fixed64(f::time, record.time_unix_nanos);
  out_.varint(f::severity_number, record.severity_number);
  out_.text(f::severity_text, record.severity_text);
  if (record.body.type() != ValueType::empty) value(f::body, record.body);
  attributes(f::attributes, record.attributes);
  out_.varint(f::dropped_attributes, record.dropped_attributes_count);
  out_.fixed32(f::flags, record.flags);
  out_.id(f::trace_id, record.trace_id);
  out_.id(f::span_id, record.span_id);
  out_.fixed64(f::observed_time, record.observed_time_unix_nanos);
  out_.text(f::event_name, record.event_name);
  out_.close(open);
}

std::size_t encoded_size_estimate(const LogBatch& batch) {
  std::size_t size = 256;
  for (const LogResource& resource : batch.resources) {
    size += 32 * resource.resource.attributes.size();
    for (const LogScope& scope : resource.scopes) {
      size += 128;
      for (const LogRecord& record : scope.records) size += body_size(record) + 48 + 32 * record.attributes.size();
    }
  }
  return size;
}

}  // namespace rankwire::otlp
