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

void Encoder::record(const LogRecord& record) {
  namespace f = field::log_record;
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
