// Readable text about telemetry, in the shape that otelcol's debug exporter prints. Control
// characters of the data are escaped: text from outside must not steer a terminal.
#pragma once

#include <string_view>

#include "base/buffer.hpp"
#include "signal/batch.hpp"

namespace rankwire::debug {

class Text {
 public:
  explicit Text(Buffer& to) : out_(to) {}

  // Constants of ours, unescaped.
  Text& operator<<(std::string_view constant) {
    out_.append(constant);
    return *this;
  }
  Text& data(std::string_view text);
  Text& number(std::int64_t number);
  Text& number(std::uint64_t number);
  Text& number(std::uint32_t value) { return number(static_cast<std::uint64_t>(value)); }
  // The shortest form that reads back the same.
  Text& real(double number);
  // With six digits after the point.
  Text& fixed(double number);
  Text& hex(const void* bytes, std::size_t count);
  template <class Id>
  Text& id(const Id& id) {
    return id.is_set() ? hex(id.bytes, sizeof id.bytes) : *this;
  }
  // "2020-02-11 20:26:13.000000789 +0000 UTC".
  Text& time(std::uint64_t unix_nanos);
  // The bare value; lists and maps as JSON.
  Text& plain(const Value& value);
  // With its type: "Str(text)", "Int(7)", "Map({…})".
  Text& typed(const Value& value);
  // "a=1 b=2", each preceded by a space.
  Text& pairs(const Attributes& attributes);
  // One line "<indent>-> key: Str(value)" each.
  Text& lines(std::string_view indent, const Attributes& attributes);

 private:
  Buffer& out_;
};

// The records of a batch, a line or less each, below a line for each resource and scope.
void write_normal(const LogBatch& batch, Text& to);
void write_normal(const MetricBatch& batch, Text& to);
void write_normal(const TraceBatch& batch, Text& to);

// Every field of every record.
void write_detailed(const LogBatch& batch, Text& to);
void write_detailed(const MetricBatch& batch, Text& to);
void write_detailed(const TraceBatch& batch, Text& to);

}  // namespace rankwire::debug
