// OTLP/JSON, writing: the request, what all signals share, and log records.
#include "otlp/json_encoder.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp {

namespace {

struct GroupNames {
  std::string_view resources, scopes, records;
};

template <class Record>
constexpr GroupNames names_of() {
  if constexpr (std::is_same_v<Record, LogRecord>) return {"resourceLogs", "scopeLogs", "logRecords"};
  if constexpr (std::is_same_v<Record, Metric>) return {"resourceMetrics", "scopeMetrics", "metrics"};
  if constexpr (std::is_same_v<Record, Span>) return {"resourceSpans", "scopeSpans", "spans"};
}

}  // namespace

template <class Record>
void JsonEncoder::request(const RecordBatch<Record>& batch) {
  constexpr GroupNames names = names_of<Record>();
  out_.begin_object();
  out_.key(names.resources);
  out_.begin_array();
  for (const ResourceGroup<Record>& group : batch.resources) {
    out_.begin_object();
    resource(group.resource);
    out_.key(names.scopes);
    out_.begin_array();
    for (const ScopeGroup<Record>& inner : group.scopes) {
      out_.begin_object();
      scope(inner.scope);
      out_.key(names.records);
      out_.begin_array();
      for (const Record& each : inner.records) record(each);
      out_.end_array();
      out_.text_member("schemaUrl", inner.schema_url);
      out_.end_object();
    }
    out_.end_array();
    out_.text_member("schemaUrl", group.schema_url);
    out_.end_object();
  }
  out_.end_array();
  out_.end_object();
}

void JsonEncoder::resource(const Resource& resource) {
  out_.key("resource");
  out_.begin_object();
  attributes("attributes", resource.attributes);
  out_.number_member("droppedAttributesCount", resource.dropped_attributes_count);
  if (!resource.entities.empty()) {
    out_.key("entityRefs");
    out_.begin_array();
    for (const EntityRef& entity : resource.entities) {
      out_.begin_object();
      out_.text_member("schemaUrl", entity.schema_url);
      out_.text_member("type", entity.type);
      strings("idKeys", entity.id_keys);
      strings("descriptionKeys", entity.description_keys);
      out_.end_object();
    }
    out_.end_array();
  }
  out_.end_object();
}

void JsonEncoder::strings(std::string_view name, const List<std::string_view>& texts) {
  if (texts.empty()) return;
  out_.key(name);
  out_.begin_array();
  for (const std::string_view text : texts) out_.string(text);
  out_.end_array();
}

void JsonEncoder::scope(const Scope& scope) {
  out_.key("scope");
  out_.begin_object();
  out_.text_member("name", scope.name);
  out_.text_member("version", scope.version);
  attributes("attributes", scope.attributes);
  out_.number_member("droppedAttributesCount", scope.dropped_attributes_count);
  out_.end_object();
}

void JsonEncoder::attributes(std::string_view name, const Attributes& attributes) {
  if (attributes.empty()) return;
  out_.key(name);
  entries(attributes);
}

void JsonEncoder::entries(const Attributes& attributes) {
  out_.begin_array();
  for (const KeyValue& entry : attributes) {
    out_.begin_object();
    out_.key("key");
    out_.string(entry.key);
    out_.key("value");
    value(entry.value);
    out_.end_object();
  }
  out_.end_array();
}

void JsonEncoder::value(const Value& value) {
  out_.begin_object();
  switch (value.type()) {
    case ValueType::empty: break;
    case ValueType::text:
      out_.key("stringValue");
      out_.string(value.text());
      break;
    case ValueType::boolean:
      out_.key("boolValue");
      out_.boolean(value.boolean());
      break;
    case ValueType::integer:
      out_.key("intValue");
      out_.quoted(value.integer());
      break;
    case ValueType::real:
      out_.key("doubleValue");
      out_.real(value.real());
      break;
    case ValueType::bytes:
      out_.key("bytesValue");
      out_.base64(value.text());
      break;
    case ValueType::array:
      out_.key("arrayValue");
      out_.begin_object();
      out_.key("values");
      out_.begin_array();
      for (const Value& item : value.items().span()) this->value(item);
      out_.end_array();
      out_.end_object();
      break;
    case ValueType::map:
      out_.key("kvlistValue");
      out_.begin_object();
      out_.key("values");
      entries(value.entries());
      out_.end_object();
      break;
  }
  out_.end_object();
}

void JsonEncoder::record(const LogRecord& record) {
  out_.begin_object();
  out_.quoted_member("timeUnixNano", record.time_unix_nanos);
  out_.quoted_member("observedTimeUnixNano", record.observed_time_unix_nanos);
  out_.number_member("severityNumber", record.severity_number);
  out_.text_member("severityText", record.severity_text);
  if (record.body.type() != ValueType::empty) {
    out_.key("body");
    value(record.body);
  }
  attributes("attributes", record.attributes);
  out_.number_member("droppedAttributesCount", record.dropped_attributes_count);
  out_.number_member("flags", record.flags);
  out_.id_member("traceId", record.trace_id);
  out_.id_member("spanId", record.span_id);
  out_.text_member("eventName", record.event_name);
  out_.end_object();
}

void encode_json(const LogBatch& batch, Buffer& to) { JsonEncoder(to).request(batch); }
void encode_json(const MetricBatch& batch, Buffer& to) { JsonEncoder(to).request(batch); }
void encode_json(const TraceBatch& batch, Buffer& to) { JsonEncoder(to).request(batch); }

void encode_json(const SignalBatch& batch, Buffer& to) {
  if (batch.is_wire()) {
    // Bytes that passed admission decode; should they not, an empty request is what is left of them.
    auto decoded = decode(batch.wire());
    if (!decoded) return to.append("{}");
    return encode_json(*decoded, to);
  }
  switch (batch.signal()) {
    case Signal::logs: return encode_json(batch.logs(), to);
    case Signal::metrics: return encode_json(batch.metrics(), to);
    case Signal::traces: return encode_json(batch.traces(), to);
  }
}

}  // namespace rankwire::otlp
