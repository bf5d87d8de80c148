// Format: values put into a text as Go's Sprintf does it, what it says about wrong verbs included.
#include <charconv>
#include <cmath>

#include "ottl/functions/families.hpp"
#include "ottl/functions/hexadecimal.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/syntax/quoting.hpp"
#include "text/json_text.hpp"
#include "text/pattern.hpp"

namespace rankwire::ottl {
namespace {

constexpr int width_max = 1000;

struct Verb {
  bool has_plus = false, has_minus = false, has_sharp = false, has_space = false, has_zero = false;
  int width = -1, precision = -1;  // Below 0: not given.
  char letter = '\0';
};

std::string_view type_name(const Value& value) {
  switch (value.type()) {
    case ValueType::text: return "string";
    case ValueType::boolean: return "bool";
    case ValueType::integer: return "int64";
    case ValueType::real: return "float64";
    case ValueType::bytes: return "[]uint8";
    case ValueType::array: return "[]interface {}";
    case ValueType::map: return "map[string]interface {}";
    case ValueType::empty: break;
  }
  return "<nil>";
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::size_t character_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += text::character_size(text, at)) ++count;
  return count;
}

class Formatter {
 public:
  Formatter(std::string_view format, List<Value> values) : format_(format), values_(values) {}

  std::string run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_.append(format_, at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) directive();
    }
    if (!has_index_ && next_ < values_.size()) extra();
    return std::move(out_);
  }

 private:
  void directive() {
    Verb verb;
    bool is_index_bad = !read_flags(verb);
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const std::size_t size = text::character_size(format_, at_);
    const std::string_view letter = format_.substr(at_, size);
    at_ += size;
    verb.letter = size == 1 ? letter[0] : '?';
    if (letter == "%") {
      out_ += '%';
    } else if (is_index_bad) {
      out_.append("%!").append(letter).append("(BADINDEX)");
    } else if (next_ >= values_.size()) {
      out_.append("%!").append(letter).append("(MISSING)");
    } else {
      const Value& value = values_[next_++];
      if (!put(verb, value)) bad_verb(letter, value);
    }
  }

  bool read_flags(Verb& verb) {
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '+': verb.has_plus = true; continue;
        case '-': verb.has_minus = true; continue;
        case '#': verb.has_sharp = true; continue;
        case ' ': verb.has_space = true; continue;
        case '0': verb.has_zero = true; continue;
        default: break;
      }
      break;
    }
    bool is_good = read_index() && read_number(verb.width);
    if (verb.width < -1) {
      verb.has_minus = true;
      verb.width = -verb.width;
    }
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      verb.precision = 0;
      is_good = read_index() && read_number(verb.precision) && is_good;
    }
    return read_index() && is_good;
  }

  // "[2]": which value comes next.
  bool read_index() {
    if (at_ >= format_.size() || format_[at_] != '[') return true;
    has_index_ = true;
    const std::size_t end = format_.find(']', at_);
    std::uint32_t index = 0;
    const std::string_view digits =
        end == std::string_view::npos ? std::string_view() : format_.substr(at_ + 1, end - at_ - 1);
    at_ = end == std::string_view::npos ? at_ + 1 : end + 1;
    const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (code != std::errc() || stop != digits.data() + digits.size() || index == 0 || index > values_.size())
      return false;
    next_ = index - 1;
    return true;
  }

  // Digits, or "*" for a value. Huge ones are cut: they come from a configuration, but what they cost is real.
  bool read_number(int& number) {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      if (next_ >= values_.size() || values_[next_].type() != ValueType::integer) return false;
      const std::int64_t given = values_[next_++].integer();
      number = static_cast<int>(std::clamp<std::int64_t>(given, -width_max, width_max));
      return true;
    }
    for (bool is_first = true; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      if (is_first) number = 0;
      is_first = false;
      number = std::min(number * 10 + (format_[at_] - '0'), width_max);
    }
    return true;
  }

  void pad(const Verb& verb, std::string_view text, bool may_be_zero = false) {
    const auto size = static_cast<int>(character_count(text));
    const std::size_t missing = verb.width > size ? static_cast<std::size_t>(verb.width - size) : 0;
    if (verb.has_minus) {
      out_.append(text).append(missing, ' ');
    } else if (verb.has_zero && may_be_zero) {
      const bool has_sign = text.starts_with('-') || text.starts_with('+') || text.starts_with(' ');
      out_.append(text.substr(0, has_sign ? 1 : 0)).append(missing, '0').append(text.substr(has_sign ? 1 : 0));
    } else {
      out_.append(missing, ' ').append(text);
    }
  }

  bool put(const Verb& verb, const Value& value) {
    if (verb.letter == 'T') return pad(verb, type_name(value)), true;
    switch (value.type()) {
      case ValueType::boolean:
        if (verb.letter != 'v' && verb.letter != 't') return false;
        return pad(verb, value.boolean() ? "true" : "false"), true;
      case ValueType::integer: return put_integer(verb, value.integer());
      case ValueType::real: return put_real(verb, value.real());
      case ValueType::text: return put_text(verb, value.text());
      case ValueType::bytes: return put_bytes(verb, value.text());
      case ValueType::empty:
        if (verb.letter != 'v') return false;
        return pad(verb, "<nil>"), true;
      case ValueType::array:
      case ValueType::map: return put_all(verb, value);
    }
    return false;
  }

  bool put_integer(const Verb& verb, std::int64_t number) {
    int base = 10;
    std::string_view prefix;
    switch (verb.letter) {
      case 'v':
      case 'd': break;
      case 'b': base = 2, prefix = verb.has_sharp ? "0b" : ""; break;
      case 'o': base = 8, prefix = verb.has_sharp ? "0" : ""; break;
      case 'O': base = 8, prefix = "0o"; break;
      case 'x': base = 16, prefix = verb.has_sharp ? "0x" : ""; break;
      case 'X': base = 16, prefix = verb.has_sharp ? "0X" : ""; break;
      case 'c': return put_character(verb, number), true;
      case 'q': {
        std::string quoted = "'";
        append_character(number, quoted);
        return pad(verb, quoted + "'"), true;
      }
      case 'U': {
        std::string code = "U+";
        append_digits(static_cast<std::uint64_t>(number), 16, std::max(verb.precision, 4), true, code);
        return pad(verb, code), true;
      }
      default: return false;
    }
    const bool is_negative = number < 0;
    const std::uint64_t size =
        is_negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    std::string text = is_negative ? "-" : verb.has_plus ? "+" : verb.has_space ? " " : "";
    text += prefix;
    // Zeros come between sign and digits: the width as a precision.
    int digits = verb.precision;
    if (digits < 0 && verb.has_zero && !verb.has_minus && verb.width > 0)
      digits = verb.width - static_cast<int>(text.size());
    if (verb.precision == 0 && number == 0) return pad(verb, ""), true;
    append_digits(size, base, digits, verb.letter == 'X', text);
    return pad(verb, text), true;
  }

  static void append_digits(std::uint64_t number, int base, int digits_min, bool is_upper, std::string& text) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
    if (end - digits < digits_min) text.append(static_cast<std::size_t>(digits_min - (end - digits)), '0');
    for (const char* c = digits; c != end; ++c) text += is_upper && *c >= 'a' ? static_cast<char>(*c - 32) : *c;
  }

  static void append_character(std::int64_t code, std::string& text) {
    char utf8[4];
    const bool is_code = code >= 0 && code <= 0x10FFFF;
    text.append(utf8, text::put_utf8(utf8, is_code ? static_cast<std::uint32_t>(code) : 0xFFFD));
  }

  void put_character(const Verb& verb, std::int64_t code) {
    std::string text;
    append_character(code, text);
    pad(verb, text);
  }

  bool put_real(const Verb& verb, double number) {
    const char letter = verb.letter == 'v' ? 'g' : verb.letter == 'F' ? 'f' : verb.letter;
    if (std::string_view("eEfgG").find(letter) == std::string_view::npos) return false;
    std::string text;
    if (std::isnan(number)) {
      text = "NaN";
    } else if (std::isinf(number)) {
      text = number > 0 ? "+Inf" : "-Inf";
    } else {
      text = real_digits(number, letter, verb);
    }
    if (verb.has_plus && text[0] != '-' && text[0] != '+') text.insert(0, "+");
    if (!verb.has_plus && text == "+Inf") text = verb.has_space ? " Inf" : "+Inf";
    if (verb.has_space && text[0] != '-' && text[0] != '+' && text[0] != ' ') text.insert(0, " ");
    return pad(verb, text, std::isfinite(number)), true;
  }

  static std::string real_digits(double number, char letter, const Verb& verb) {
    char text[1200];
    char* end = nullptr;
    const bool is_general = letter == 'g' || letter == 'G';
    if (is_general && verb.precision < 0) {
      // The shortest digits.
      const double size = std::fabs(number);
      const bool is_scientific = size != 0 && (size < 1e-4 || size >= 1e6);
      end = std::to_chars(text, text + sizeof text, number,
                          is_scientific ? std::chars_format::scientific : std::chars_format::fixed)
                .ptr;
    } else {
      const auto form = is_general      ? std::chars_format::general
                        : letter == 'f' ? std::chars_format::fixed
                                        : std::chars_format::scientific;
      const int precision = verb.precision < 0 ? 6 : verb.precision;
      end = std::to_chars(text, text + sizeof text, number, form, std::min(precision, width_max)).ptr;
    }
    std::string out(text, end);
    if (letter == 'E' || letter == 'G')
      for (char& c : out) c = c == 'e' ? 'E' : c;
    return out;
  }

  bool put_text(const Verb& verb, std::string_view text) {
    if (verb.precision >= 0 && verb.letter != 'x' && verb.letter != 'X') {
      std::size_t end = 0;
      for (int i = 0; i < verb.precision && end < text.size(); ++i) end += text::character_size(text, end);
      text = text.substr(0, end);
    }
    switch (verb.letter) {
      case 'v':
        if (verb.has_sharp) return pad(verb, quoted(text)), true;
        return pad(verb, text), true;
      case 's': return pad(verb, text), true;
      case 'q': return pad(verb, quoted(text)), true;
      case 'x':
      case 'X': return put_hexadecimal(verb, text), true;
      default: return false;
    }
  }

  void put_hexadecimal(const Verb& verb, std::string_view bytes) {
    if (verb.precision >= 0) bytes = bytes.substr(0, static_cast<std::size_t>(verb.precision));
    std::string text = verb.has_sharp && !bytes.empty() ? (verb.letter == 'X' ? "0X" : "0x") : "";
    for (const char c : bytes) append_digits(static_cast<unsigned char>(c), 16, 2, verb.letter == 'X', text);
    pad(verb, text);
  }

  bool put_bytes(const Verb& verb, std::string_view bytes) {
    if (verb.letter != 'v' && verb.letter != 'd') return put_text(verb, bytes);
    std::string text = "[";
    for (const char c : bytes) {
      if (text.size() > 1) text += ' ';
      text += std::to_string(static_cast<unsigned char>(c));
    }
    return pad(verb, text + "]"), true;
  }

  // "[a b]" and "map[k:v]", each element with the same verb.
  bool put_all(const Verb& verb, const Value& value) {
    if (++depth_ > depth_max) return --depth_, out_ += "...", true;
    const bool is_map = value.type() == ValueType::map;
    out_ += is_map ? "map[" : "[";
    bool is_first = true;
    const auto put_one = [&](const Value& one) {
      if (!put(verb, one)) bad_verb(std::string_view(&verb.letter, 1), one);
    };
    const auto separate = [&] {
      if (!is_first) out_ += ' ';
      is_first = false;
    };
    if (is_map) {
      const Attributes entries = value.entries();
      for (const KeyValue& entry : entries) {
        separate();
        if (!put(verb, Value::of(entry.key))) bad_verb(std::string_view(&verb.letter, 1), Value::of(entry.key));
        out_ += ':';
        put_one(entry.value);
      }
    } else {
      const List<Value> items = value.items();
      for (const Value& item : items) {
        separate();
        put_one(item);
      }
    }
    out_ += ']';
    --depth_;
    return true;
  }

  void bad_verb(std::string_view letter, const Value& value) {
    out_.append("%!").append(letter).append("(").append(type_name(value));
    if (value.type() != ValueType::empty) {
      out_ += '=';
      put({.letter = 'v'}, value);
    }
    out_ += ')';
  }

  void extra() {
    out_ += "%!(EXTRA ";
    for (std::uint32_t i = next_; i < values_.size(); ++i) {
      if (i != next_) out_ += ", ";
      out_ += type_name(values_[i]);
      if (values_[i].type() == ValueType::empty) continue;
      out_ += '=';
      put({.letter = 'v'}, values_[i]);
    }
    out_ += ')';
  }

  static constexpr int depth_max = 32;

  const std::string_view format_;
  const List<Value> values_;
  std::size_t at_ = 0;
  std::uint32_t next_ = 0;
  int depth_ = 0;
  bool has_index_ = false;
  std::string out_;
};

bool format(Invocation& call, Datum& out) {
  out = Value::of(call.arena().copy(Formatter(call.text(0), call[1].list()).run()));
  return true;
}

}  // namespace

void add_format_function(FunctionTable& table) {
  table.add({.name = "Format",
             .parameters = {{"format", Want::text}, {"vals", Want::anys}},
             .result = Type::text,
             .run = format});
}

}  // namespace rankwire::ottl
