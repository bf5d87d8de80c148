#include "otlp/json_writer.hpp"

#include <charconv>
#include <cmath>

#include "otlp/utf8.hpp"

namespace rankwire::otlp {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(Buffer& out, char c) {
  switch (c) {
    case '"': out.append("\\\""); return;
    case '\\': out.append("\\\\"); return;
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    default: break;
  }
  out.append("\\u00");
  out.push(hex_digits[static_cast<unsigned char>(c) >> 4]);
  out.push(hex_digits[static_cast<unsigned char>(c) & 15]);
}

}  // namespace

void JsonWriter::string(std::string_view text) {
  separate();
  out_.push('"');
  const bool is_valid = is_utf8(text);
  std::size_t plain = 0;  // Begin of the run that can be copied.
  for (std::size_t i = 0; i < text.size();) {
    if (is_plain(text[i]) && (is_valid || static_cast<signed char>(text[i]) >= 0)) {
      ++i;
      continue;
    }
    const std::size_t sequence = utf8_sequence(text.substr(i));
    if (sequence > 1) {
      i += sequence;
      continue;
    }
    out_.append(text.substr(plain, i - plain));
    if (sequence == 0)
      out_.append("\xef\xbf\xbd");
    else
      append_escaped(out_, text[i]);
    plain = ++i;
  }
  out_.append(text.substr(plain));
  out_.push('"');
}

void JsonWriter::base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  separate();
  char* to = out_.prepare(bytes.size() / 3 * 4 + 6);
  const char* const begin = to;
  *to++ = '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) : 0u;
    };
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = i + 1 < bytes.size() ? digits[group >> 6 & 63] : '=';
    *to++ = i + 2 < bytes.size() ? digits[group & 63] : '=';
  }
  *to++ = '"';
  out_.commit(static_cast<std::size_t>(to - begin));
}

void JsonWriter::hex(const void* bytes, std::size_t count) {
  separate();
  char* to = out_.prepare(2 * count + 2);
  *to++ = '"';
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(bytes)[i];
    *to++ = hex_digits[byte >> 4];
    *to++ = hex_digits[byte & 15];
  }
  *to = '"';
  out_.commit(2 * count + 2);
}

namespace {
template <class N>
void append_number(Buffer& out, N value) {
  char* to = out.prepare(32);
  out.commit(static_cast<std::size_t>(std::to_chars(to, to + 32, value).ptr - to));
}
}  // namespace

void JsonWriter::number(std::int64_t value) {
  separate();
  append_number(out_, value);
}

void JsonWriter::quoted(std::uint64_t value) {
  separate();
  out_.push('"');
  append_number(out_, value);
  out_.push('"');
}

void JsonWriter::quoted(std::int64_t value) {
  separate();
  out_.push('"');
  append_number(out_, value);
  out_.push('"');
}

void JsonWriter::real(double value) {
  if (std::isnan(value)) return literal("\"NaN\"");
  if (std::isinf(value)) return literal(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  separate();
  if (value == 0 && std::signbit(value)) return out_.append("-0.0");
  // In digits only, a large one would read as an integer beyond 64 bits.
  char* to = out_.prepare(32);
  const auto form = std::abs(value) >= 1e15 ? std::chars_format::scientific : std::chars_format::general;
  out_.commit(static_cast<std::size_t>(std::to_chars(to, to + 32, value, form).ptr - to));
}

}  // namespace rankwire::otlp
