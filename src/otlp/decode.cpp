// Decoding: the request, its groups, and the messages that all signals share.
#include "otlp/decoder.hpp"

namespace rankwire::otlp {

template <class Record>
bool Decoder::request(std::string_view bytes, List<ResourceGroup<Record>>& to) {
  constexpr Message shape = std::is_same_v<Record, LogRecord> ? Message::log_request
                            : std::is_same_v<Record, Metric>  ? Message::metric_request
                                                              : Message::trace_request;
  constexpr std::uint32_t groups = length_tag(field::request::resources);
  if (!reserve(to, count_fields(bytes, groups))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case groups: ok = resource_group(in.bytes(), to.push(arena_, {})); break;
      default: in.skip(shape);
    }
  return ok && in.ok() && failure_.reason == nullptr;
}

template <class Record>
bool Decoder::resource_group(std::string_view bytes, ResourceGroup<Record>& to) {
  namespace f = field::resource_group;
  constexpr Message shape = std::is_same_v<Record, LogRecord> ? Message::log_resource
                            : std::is_same_v<Record, Metric>  ? Message::metric_resource
                                                              : Message::trace_resource;
  if (!reserve(to.scopes, count_fields(bytes, length_tag(f::scopes)))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::resource): ok = resource(in.bytes(), to.resource); break;
      case length_tag(f::scopes): ok = scope_group(in.bytes(), to.scopes.push(arena_, {})); break;
      case length_tag(f::schema_url): to.schema_url = text(in); break;
      default: in.skip(shape);
    }
  return ok && in.ok();
}

template <class Record>
bool Decoder::scope_group(std::string_view bytes, ScopeGroup<Record>& to) {
  namespace f = field::scope_group;
  constexpr Message shape = std::is_same_v<Record, LogRecord> ? Message::log_scope
                            : std::is_same_v<Record, Metric>  ? Message::metric_scope
                                                              : Message::trace_scope;
  if (!reserve(to.records, count_fields(bytes, length_tag(f::records)))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::records): ok = record(in.bytes(), to.records.push(arena_, {})); break;
      case length_tag(f::scope): ok = scope(in.bytes(), to.scope); break;
      case length_tag(f::schema_url): to.schema_url = text(in); break;
      default: in.skip(shape);
    }
  return ok && in.ok();
}

bool Decoder::resource(std::string_view bytes, Resource& to) {
  namespace f = field::resource;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      case length_tag(f::entities): ok = entity(in.bytes(), to.entities.push(arena_, {})); break;
      default: in.skip(Message::resource);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::entity(std::string_view bytes, EntityRef& to) {
  namespace f = field::entity;
  if (!has_room_for(0)) return false;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case length_tag(f::schema_url): to.schema_url = text(in); break;
      case length_tag(f::type): to.type = text(in); break;
      case length_tag(f::id_keys): to.id_keys.push(arena_, text(in)); break;
      case length_tag(f::description_keys): to.description_keys.push(arena_, text(in)); break;
      default: in.skip(Message::entity);
    }
  return in.ok();
}

bool Decoder::scope(std::string_view bytes, Scope& to) {
  namespace f = field::scope;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::name): to.name = text(in); break;
      case length_tag(f::version): to.version = text(in); break;
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      default: in.skip(Message::scope);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::key_value(std::string_view bytes, KeyValue& to, int depth) {
  namespace f = field::key_value;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::key): to.key = text(in); break;
      case length_tag(f::value): ok = value(in.bytes(), to.value, depth); break;
      default: in.skip(Message::key_value);
    }
  return ok && in.ok();
}

bool Decoder::value(std::string_view bytes, Value& to, int depth) {
  namespace f = field::value;
  WireReader in(bytes, failure_);
  if (depth > nesting_max) {
    failure_.set(bytes.data(), "values nested too deeply");
    return false;
  }
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::text): to = Value::of(text(in)); break;
      case varint_tag(f::boolean): to = Value::of(in.varint() != 0); break;
      case varint_tag(f::integer): to = Value::of(static_cast<std::int64_t>(in.varint())); break;
      case fixed64_tag(f::real): to = Value::of(in.real()); break;
      case length_tag(f::array): ok = array(in.bytes(), to, depth); break;
      case length_tag(f::map): ok = map(in.bytes(), to, depth); break;
      case length_tag(f::bytes): to = Value::of_bytes(in.bytes()); break;
      default: in.skip(Message::value);
    }
  return ok && in.ok();
}

bool Decoder::array(std::string_view bytes, Value& to, int depth) {
  constexpr std::uint32_t items_tag = length_tag(field::list::items);
  List<Value> items = to.type() == ValueType::array ? to.items() : List<Value>();
  if (!reserve(items, count_fields(bytes, items_tag))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case items_tag: ok = value(in.bytes(), items.push(arena_, {}), depth + 1); break;
      default: in.skip(Message::array);
    }
  to = Value::of(items);
  return ok && in.ok();
}

bool Decoder::map(std::string_view bytes, Value& to, int depth) {
  constexpr std::uint32_t items_tag = length_tag(field::list::items);
  List<KeyValue> entries = to.type() == ValueType::map ? to.entries() : List<KeyValue>();
  if (!reserve(entries, count_fields(bytes, items_tag))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case items_tag: ok = key_value(in.bytes(), entries.push(arena_, {}), depth + 1); break;
      default: in.skip(Message::map);
    }
  to = Value::of(entries);
  return ok && in.ok();
}

std::string_view Decoder::text_beyond_ascii(std::string_view raw) {
  if (is_utf8(raw)) return raw;
  if (options_.repair_utf8) return repair_utf8(raw, arena_);
  failure_.set(raw.data(), "text that is not UTF-8");
  return {};
}

void Decoder::attach(Attributes& to, std::size_t mark) {
  const auto count = static_cast<std::uint32_t>(pending_.size() - mark);
  if (count == 0) return;
  to.reserve(arena_, to.size() + count);
  for (std::size_t i = mark; i < pending_.size(); ++i) to.push(arena_, pending_[i]);
  pending_.resize(mark);
}

namespace {

template <class Record>
Result<void> append(std::string_view bytes, DecodeOptions options, RecordBatch<Record>& to) {
  // Lists and strings in memory count in 32 bits.
  if (bytes.size() > UINT32_MAX) return Error(ErrorKind::invalid, "an OTLP request of more than 4 GiB");
  Decoder decoder(to.arena(), options);
  if (!decoder.request(bytes, to.resources)) return decoder.failure().error(bytes);
  return {};
}

template <class Record>
Result<RecordBatch<Record>> decode_one(std::string_view bytes, DecodeOptions options) {
  RecordBatch<Record> batch;
  RANKWIRE_TRY(append(bytes, options, batch));
  return batch;
}

template <class Record>
Result<SignalBatch> decode_all(std::span<const SharedBytes> chunks, DecodeOptions options) {
  RecordBatch<Record> batch;
  for (const SharedBytes& chunk : chunks) {
    RANKWIRE_TRY(append(chunk->view(), options, batch));
    batch.keep(chunk);
  }
  return SignalBatch(std::move(batch));
}

Result<SignalBatch> decode_all(Signal signal, std::span<const SharedBytes> chunks, DecodeOptions options) {
  switch (signal) {
    case Signal::logs: return decode_all<LogRecord>(chunks, options);
    case Signal::metrics: return decode_all<Metric>(chunks, options);
    case Signal::traces: return decode_all<Span>(chunks, options);
  }
  return Error(ErrorKind::invalid, "unknown signal");
}

}  // namespace

Result<LogBatch> decode_logs(std::string_view bytes, DecodeOptions options) {
  return decode_one<LogRecord>(bytes, options);
}
Result<MetricBatch> decode_metrics(std::string_view bytes, DecodeOptions options) {
  return decode_one<Metric>(bytes, options);
}
Result<TraceBatch> decode_traces(std::string_view bytes, DecodeOptions options) {
  return decode_one<Span>(bytes, options);
}

Result<SignalBatch> decode(Signal signal, SharedBytes bytes, DecodeOptions options) {
  return decode_all(signal, {&bytes, 1}, options);
}

Result<SignalBatch> decode(const WireBatch& wire, DecodeOptions options) {
  return decode_all(wire.signal, wire.chunks, options);
}

Result<SignalBatch> in_memory_form(SignalBatch batch) {
  if (!batch.is_wire()) return batch;
  auto decoded = decode(batch.wire());
  if (decoded) decoded->set_client(batch.client());
  return decoded;
}

}  // namespace rankwire::otlp
