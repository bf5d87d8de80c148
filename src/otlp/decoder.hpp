// Builds a batch from the bytes of a request: strings are views into the bytes, structures and lists
// lie in the batch's arena. Each method reads one message and merges it into what is already there,
// as protobuf demands when a message comes in pieces. False: see failure().
#pragma once

#include <vector>

#include "otlp/otlp.hpp"
#include "otlp/utf8.hpp"
#include "otlp/wire_reader.hpp"

namespace rankwire::otlp {

class Decoder {
 public:
  Decoder(Arena& arena, DecodeOptions options) : arena_(arena), options_(options) {}

  template <class Record>
  bool request(std::string_view bytes, List<ResourceGroup<Record>>& to);

  const Failure& failure() const { return failure_; }

 private:
  template <class Record>
  bool resource_group(std::string_view bytes, ResourceGroup<Record>& to);
  template <class Record>
  bool scope_group(std::string_view bytes, ScopeGroup<Record>& to);

  bool resource(std::string_view bytes, Resource& to);
  bool entity(std::string_view bytes, EntityRef& to);
  bool scope(std::string_view bytes, Scope& to);
  bool key_value(std::string_view bytes, KeyValue& to, int depth);
  bool value(std::string_view bytes, Value& to, int depth);
  bool array(std::string_view bytes, Value& to, int depth);
  bool map(std::string_view bytes, Value& to, int depth);

  bool record(std::string_view bytes, LogRecord& to);

  bool record(std::string_view bytes, Metric& to);
  template <class Point>
  bool data(std::string_view bytes, Metric& to, MetricType type, Message shape, List<Point>& points);
  bool point(std::string_view bytes, NumberPoint& to);
  bool point(std::string_view bytes, HistogramPoint& to);
  bool point(std::string_view bytes, ExponentialHistogramPoint& to);
  bool point(std::string_view bytes, SummaryPoint& to);
  bool buckets(std::string_view bytes, ExponentialBuckets& to);
  bool quantile(std::string_view bytes, Quantile& to);
  bool exemplar(std::string_view bytes, Exemplar& to);
  template <class T>
  bool packed_fixed64(std::string_view bytes, List<T>& to);

  bool record(std::string_view bytes, Span& to);
  bool event(std::string_view bytes, SpanEvent& to);
  bool link(std::string_view bytes, SpanLink& to);
  bool status(std::string_view bytes, Span& to);

  // Reserves room for `more` elements; false when that would exceed the bound on memory.
  template <class T>
  bool reserve(List<T>& list, std::uint32_t more) {
    if (!has_room_for(more * sizeof(T))) return false;
    list.reserve(arena_, list.size() + more);
    return true;
  }
  bool has_room_for(std::size_t bytes) {
    if (options_.memory_max.count == 0 || arena_.reserved_bytes() + bytes <= options_.memory_max.count) return true;
    failure_.is_refusal = true;
    failure_.set(nullptr, "more memory than admitted");
    return false;
  }

  // The next field as text, made valid UTF-8.
  std::string_view text(WireReader& in) {
    const std::string_view raw = in.bytes();
    return is_ascii(raw) ? raw : text_beyond_ascii(raw);
  }
  std::string_view text_beyond_ascii(std::string_view raw);
  template <class Id>
  bool id(WireReader& in, Id& to) {
    const std::string_view raw = in.bytes();
    if (raw.empty()) {
      to = {};
      return in.ok();
    }
    if (raw.size() != sizeof to.bytes) return in.fail("trace or span id of the wrong length");
    std::memcpy(to.bytes, raw.data(), sizeof to.bytes);
    return true;
  }

  // Attributes are collected in `pending_` until their number is known, so that the list in the
  // arena has the exact size. `collect` adds the one in `bytes`, `attach` ends a message's list.
  bool collect(std::string_view bytes) {
    KeyValue entry;
    std::string_view short_text;
    // Where all of the message is ASCII the texts are.
    if (read_short_attribute(bytes, entry.key, short_text) && is_ascii(bytes))
      entry.value = Value::of(short_text);
    else if (!key_value(bytes, entry, 0))
      return false;
    pending_.push_back(entry);
    // Three times: as it grows it is there twice, and then its copy in the arena comes.
    return pending_.size() % 1024 != 0 || has_room_for(3 * pending_.size() * sizeof entry);
  }
  void attach(Attributes& to, std::size_t mark);

  Arena& arena_;
  const DecodeOptions options_;
  Failure failure_;
  std::vector<KeyValue> pending_;  // A stack: messages inside messages collect above each other.
};

}  // namespace rankwire::otlp
