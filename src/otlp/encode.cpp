// Encoding: the request, its groups, and the messages that all signals share.
#include "otlp/encoder.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp {

template <class Record>
void Encoder::request(const RecordBatch<Record>& batch) {
  namespace f = field::resource_group;
  for (const ResourceGroup<Record>& group : batch.resources) {
    const OpenMessage open = out_.open(field::request::resources, WireWriter::group_length_bytes);
    resource(group.resource);
    for (const ScopeGroup<Record>& scope : group.scopes) scope_group(scope);
    out_.text(f::schema_url, group.schema_url);
    out_.close(open);
  }
}

template <class Record>
void Encoder::scope_group(const ScopeGroup<Record>& group) {
  namespace f = field::scope_group;
  const OpenMessage open = out_.open(field::resource_group::scopes, WireWriter::group_length_bytes);
  scope(group.scope);
  for (const Record& each : group.records) record(each);
  out_.text(f::schema_url, group.schema_url);
  out_.close(open);
}

void Encoder::resource(const Resource& resource) {
  namespace f = field::resource;
  if (resource.attributes.empty() && resource.dropped_attributes_count == 0 && resource.entities.empty()) return;
  const OpenMessage open = out_.open(field::resource_group::resource, 2);
  attributes(f::attributes, resource.attributes);
  out_.varint(f::dropped_attributes, resource.dropped_attributes_count);
  for (const EntityRef& entity : resource.entities) {
    const OpenMessage inner = out_.open(f::entities, 1);
    out_.text(field::entity::schema_url, entity.schema_url);
    out_.text(field::entity::type, entity.type);
    for (const std::string_view key : entity.id_keys) {
      out_.room(key.size() + 16);
      out_.put_text(field::entity::id_keys, key);
    }
    for (const std::string_view key : entity.description_keys) {
      out_.room(key.size() + 16);
      out_.put_text(field::entity::description_keys, key);
    }
    out_.close(inner);
  }
  out_.close(open);
}

void Encoder::scope(const Scope& scope) {
  namespace f = field::scope;
  if (scope.name.empty() && scope.version.empty() && scope.attributes.empty() && scope.dropped_attributes_count == 0)
    return;
  const OpenMessage open = out_.open(field::scope_group::scope, 1);
  out_.text(f::name, scope.name);
  out_.text(f::version, scope.version);
  attributes(f::attributes, scope.attributes);
  out_.varint(f::dropped_attributes, scope.dropped_attributes_count);
  out_.close(open);
}

void Encoder::attributes(field::Number number, const Attributes& attributes) {
  if (attributes.empty()) return;
  if (const std::size_t slot = remembered(number, attributes); slot != none_remembered) {
    out_.room(out_.remembered_size(slot));
    return out_.put_remembered(slot);
  }
  const std::size_t offset = out_.size();
  for (const KeyValue& entry : attributes) key_value(number, entry);
  const std::size_t slot = next_remembered_++ % WireWriter::remembered_max;
  out_.remember(slot, offset);
  remembered_[slot] = {attributes.data(), attributes.size(), number};
}

namespace {

// Of the fields inside the message Value; SIZE_MAX for arrays and maps.
std::size_t scalar_size(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return 0;
    case ValueType::text:
    case ValueType::bytes: return 1 + varint_size(value.text().size()) + value.text().size();
    case ValueType::boolean: return 2;
    case ValueType::integer: return 1 + varint_size(static_cast<std::uint64_t>(value.integer()));
    case ValueType::real: return 9;
    default: return SIZE_MAX;
  }
}

}  // namespace

void Encoder::key_value(field::Number number, const KeyValue& entry) {
  namespace f = field::key_value;
  if (entry.value.is_text() && !entry.key.empty() && WireWriter::is_short_attribute(entry.key, entry.value.text()))
    return out_.short_attribute(number, entry.key, entry.value.text());
  const std::size_t inner = scalar_size(entry.value);
  if (inner == SIZE_MAX) {
    const OpenMessage open = out_.open(number, 1);
    out_.text(f::key, entry.key);
    value(f::value, entry.value);
    out_.close(open);
    return;
  }
  const std::size_t key = entry.key.empty() ? 0 : 1 + varint_size(entry.key.size()) + entry.key.size();
  const std::size_t size = key + 1 + varint_size(inner) + inner;
  out_.room(size + 16);
  out_.put_varint(length_tag(number));
  out_.put_varint(size);
  if (key != 0) out_.put_text(f::key, entry.key);
  out_.put_varint(length_tag(f::value));
  out_.put_varint(inner);
  put_scalar(entry.value);
}

void Encoder::put_scalar(const Value& value) {
  namespace f = field::value;
  switch (value.type()) {
    case ValueType::text: out_.put_text(f::text, value.text()); break;
    case ValueType::bytes: out_.put_text(f::bytes, value.text()); break;
    case ValueType::boolean:
      out_.put_varint(varint_tag(f::boolean));
      out_.put_varint(value.boolean());
      break;
    case ValueType::integer:
      out_.put_varint(varint_tag(f::integer));
      out_.put_varint(static_cast<std::uint64_t>(value.integer()));
      break;
    case ValueType::real:
      out_.put_varint(fixed64_tag(f::real));
      out_.put_fixed(value.real());
      break;
    default: break;
  }
}

void Encoder::value(field::Number number, const Value& value) {
  namespace f = field::value;
  const std::size_t inner = scalar_size(value);
  if (inner != SIZE_MAX) {
    out_.room(inner + 16);
    out_.put_varint(length_tag(number));
    out_.put_varint(inner);
    put_scalar(value);
    return;
  }
  const bool is_array = value.type() == ValueType::array;
  const OpenMessage open = out_.open(number, 1);
  const OpenMessage list = out_.open(is_array ? f::array : f::map, 1);
  if (is_array) {
    for (const Value& item : std::as_const(value).items().span()) this->value(field::list::items, item);
  } else {
    for (const KeyValue& entry : value.entries().span()) key_value(field::list::items, entry);
  }
  out_.close(list);
  out_.close(open);
}

void encode(const LogBatch& batch, Buffer& to) { Encoder(to).request(batch); }
void encode(const MetricBatch& batch, Buffer& to) { Encoder(to).request(batch); }
void encode(const TraceBatch& batch, Buffer& to) { Encoder(to).request(batch); }

namespace {

template <class Record>
WireBatch encode_records(const RecordBatch<Record>& batch, Signal signal, BufferPool* pool) {
  WireBatch wire{.signal = signal, .chunks = {}, .record_count = batch.record_count(), .size = {}};
  if (wire.record_count == 0) return wire;
  const std::size_t capacity = encoded_size_estimate(batch);
  Buffer buffer = pool != nullptr ? pool->take(capacity) : Buffer(capacity);
  encode(batch, buffer);
  wire.size = {buffer.size()};
  wire.chunks.push_back(pool != nullptr ? pool->share(std::move(buffer))
                                        : std::make_shared<const Buffer>(std::move(buffer)));
  return wire;
}

}  // namespace

WireBatch encode(const SignalBatch& batch, BufferPool* pool) {
  if (batch.is_wire()) return batch.wire();
  switch (batch.signal()) {
    case Signal::logs: return encode_records(batch.logs(), Signal::logs, pool);
    case Signal::metrics: return encode_records(batch.metrics(), Signal::metrics, pool);
    case Signal::traces: return encode_records(batch.traces(), Signal::traces, pool);
  }
  return {};
}

}  // namespace rankwire::otlp
