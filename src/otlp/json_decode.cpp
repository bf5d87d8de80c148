// OTLP/JSON, reading: the request, what all signals share, and log records.
#include "otlp/json_decoder.hpp"

namespace rankwire::otlp {

template <class Record>
void JsonDecoder::request(const Json& json, List<ResourceGroup<Record>>& to) {
  constexpr std::string_view groups = std::is_same_v<Record, LogRecord> ? "resource_logs"
                                      : std::is_same_v<Record, Metric>  ? "resource_metrics"
                                                                        : "resource_spans";
  if (json.is_null()) return fail("expected an object");
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, groups)) items(member, to, &JsonDecoder::resource_group<Record>);
  });
}

template <class Record>
void JsonDecoder::resource_group(const Json& json, ResourceGroup<Record>& to) {
  constexpr std::string_view scopes = std::is_same_v<Record, LogRecord> ? "scope_logs"
                                      : std::is_same_v<Record, Metric>  ? "scope_metrics"
                                                                        : "scope_spans";
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "resource"))
      resource(member, to.resource);
    else if (names(name, scopes))
      items(member, to.scopes, &JsonDecoder::scope_group<Record>);
    else if (names(name, "schema_url"))
      to.schema_url = text(member);
  });
}

template <class Record>
void JsonDecoder::scope_group(const Json& json, ScopeGroup<Record>& to) {
  constexpr std::string_view records = std::is_same_v<Record, LogRecord> ? "log_records"
                                       : std::is_same_v<Record, Metric>  ? "metrics"
                                                                         : "spans";
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "scope"))
      scope(member, to.scope);
    else if (names(name, records))
      items<Record>(member, to.records, &JsonDecoder::record);
    else if (names(name, "schema_url"))
      to.schema_url = text(member);
  });
}

void JsonDecoder::resource(const Json& json, Resource& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
    else if (names(name, "entity_refs"))
      items(member, to.entities, &JsonDecoder::entity);
  });
}

void JsonDecoder::entity(const Json& json, EntityRef& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "schema_url"))
      to.schema_url = text(member);
    else if (names(name, "type"))
      to.type = text(member);
    else if (names(name, "id_keys"))
      texts(member, to.id_keys);
    else if (names(name, "description_keys"))
      texts(member, to.description_keys);
  });
}

void JsonDecoder::scope(const Json& json, Scope& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "name"))
      to.name = text(member);
    else if (names(name, "version"))
      to.version = text(member);
    else if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
  });
}

void JsonDecoder::attribute(const Json& json, KeyValue& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "key"))
      to.key = text(member);
    else if (names(name, "value"))
      value(member, to.value);
  });
}

void JsonDecoder::value(const Json& json, Value& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "string_value"))
      to = Value::of(text(member));
    else if (names(name, "bool_value"))
      to = Value::of(boolean(member));
    else if (names(name, "int_value"))
      to = Value::of(integer(member));
    else if (names(name, "double_value"))
      to = Value::of(real(member));
    else if (names(name, "array_value"))
      nested(member, true, to);
    else if (names(name, "kvlist_value"))
      nested(member, false, to);
    else if (names(name, "bytes_value"))
      to = Value::of_bytes(bytes(member));
  });
}

void JsonDecoder::nested(const Json& json, bool is_array, Value& to) {
  if (++depth_ > nesting_max) {
    fail("values nested too deeply");
  } else {
    List<Value> values;
    Attributes entries;
    for_members(json, [&](std::string_view name, const Json& member) {
      if (!names(name, "values")) return;
      if (is_array)
        items(member, values, &JsonDecoder::value);
      else
        attributes(member, entries);
    });
    to = is_array ? Value::of(values) : Value::of(entries);
  }
  --depth_;
}

namespace {

constexpr std::string_view severities[] = {"UNSPECIFIED", "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2",
                                           "DEBUG3",      "DEBUG4", "INFO",   "INFO2",  "INFO3",  "INFO4",  "WARN",
                                           "WARN2",       "WARN3",  "WARN4",  "ERROR",  "ERROR2", "ERROR3", "ERROR4",
                                           "FATAL",       "FATAL2", "FATAL3", "FATAL4"};

}  // namespace

void JsonDecoder::record(const Json& json, LogRecord& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "time_unix_nano"))
      to.time_unix_nanos = unsigned_integer(member);
    else if (names(name, "observed_time_unix_nano"))
      to.observed_time_unix_nanos = unsigned_integer(member);
    else if (names(name, "severity_number"))
      to.severity_number = enumeration(member, "SEVERITY_NUMBER_", severities);
    else if (names(name, "severity_text"))
      to.severity_text = text(member);
    else if (names(name, "body"))
      value(member, to.body);
    else if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
    else if (names(name, "flags"))
      to.flags = unsigned32(member);
    else if (names(name, "trace_id"))
      id(member, to.trace_id);
    else if (names(name, "span_id"))
      id(member, to.span_id);
    else if (names(name, "event_name"))
      to.event_name = text(member);
  });
}

namespace {

template <class Record>
Result<SignalBatch> decode_one(const Json& json, DecodeOptions options) {
  RecordBatch<Record> batch;
  JsonDecoder decoder(batch.arena(), options.memory_max);
  decoder.request(json, batch.resources);
  if (decoder.is_refused()) return Error(ErrorKind::refused, "decoding the request: more memory than admitted");
  if (!decoder.failure().empty())
    return Error(ErrorKind::invalid, "not a valid OTLP/JSON request: " + decoder.failure());
  return SignalBatch(std::move(batch));
}

}  // namespace

Bytes json_parsing_memory(std::string_view text) {
  std::uint64_t marks = 0;
  for (const char c : text)
    marks += (c == ',') + (c == ':') + (c == '[') + (c == ']') + (c == '{') + (c == '}') + (c == '"');
  // The parser keeps a padded copy, an index of the marks, a tape with two words for a number and one
  // for everything else, and the strings once more, each with a length before it.
  return Bytes{text.size() * 2 + marks * (4 + 16 + 5)};
}

Result<SignalBatch> decode_json(Signal signal, std::string_view text, DecodeOptions options) {
  simdjson::dom::parser parser;
  Json json;
  if (const auto error = parser.parse(text.data(), text.size()).get(json); error != simdjson::SUCCESS)
    return Error(ErrorKind::invalid, std::string("not a valid OTLP/JSON request: ") + simdjson::error_message(error));
  switch (signal) {
    case Signal::logs: return decode_one<LogRecord>(json, options);
    case Signal::metrics: return decode_one<Metric>(json, options);
    case Signal::traces: return decode_one<Span>(json, options);
  }
  return Error(ErrorKind::invalid, "unknown signal");
}

}  // namespace rankwire::otlp
