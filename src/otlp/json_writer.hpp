// Appends compact JSON to a Buffer. Always valid JSON in valid UTF-8, whatever the strings hold.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.hpp"

namespace rankwire::otlp {

class JsonWriter {
 public:
  explicit JsonWriter(Buffer& to) : out_(to) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  void key(std::string_view name) {  // A constant that needs no escaping.
    separate();
    out_.push('"');
    out_.append(name);
    out_.append("\":");
    needs_comma_ = false;
  }

  void escaped_key(std::string_view name) {
    string(name);
    out_.push(':');
    needs_comma_ = false;
  }

  void string(std::string_view text);
  void base64(std::string_view bytes);
  void hex(const void* bytes, std::size_t count);
  void null() { literal("null"); }
  void boolean(bool flag) { literal(flag ? "true" : "false"); }
  void number(std::int64_t value);
  // 64-bit integers are strings in JSON, since readers may hold numbers as doubles.
  void quoted(std::uint64_t value);
  void quoted(std::int64_t value);
  // Not-a-number and the infinities are strings.
  void real(double value);
  // One that is already written.
  void number_text(std::string_view digits) {
    separate();
    out_.append(digits);
  }

  // Members that are left out when they have their default.
  void text_member(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    key(name);
    string(text);
  }
  void number_member(std::string_view name, std::int64_t value) {
    if (value == 0) return;
    key(name);
    number(value);
  }
  void quoted_member(std::string_view name, std::uint64_t value) {
    if (value == 0) return;
    key(name);
    quoted(value);
  }
  template <class Id>
  void id_member(std::string_view name, const Id& id) {
    if (!id.is_set()) return;
    key(name);
    hex(id.bytes, sizeof id.bytes);
  }

 private:
  void separate() {
    if (needs_comma_) out_.push(',');
    needs_comma_ = true;
  }
  void begin(char bracket) {
    separate();
    out_.push(bracket);
    needs_comma_ = false;
  }
  void end(char bracket) {
    out_.push(bracket);
    needs_comma_ = true;
  }
  void literal(std::string_view text) {
    separate();
    out_.append(text);
  }

  Buffer& out_;
  bool needs_comma_ = false;
};

}  // namespace rankwire::otlp
