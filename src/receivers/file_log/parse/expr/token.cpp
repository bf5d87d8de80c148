#include "receivers/file_log/parse/expr/token.hpp"

#include <charconv>

#include "text/json_text.hpp"

namespace rankwire::file_log::expr {

namespace {

constexpr std::size_t tokens_max = 4096;
constexpr std::string_view symbols[] = {"==", "!=", "<=", ">=", "&&", "||", "??", "?.", "**", "..", "+",
                                        "-",  "*",  "/",  "%",  "^",  "<",  ">",  "!",  "?",  ":",  ",",
                                        ".",  "(",  ")",  "[",  "]",  "{",  "}",  "|",  "#"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '$'; }

Error wrong(std::size_t at, const std::string& what) {
  return {ErrorKind::invalid, what + " at character " + std::to_string(at + 1)};
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < source_.size() &&
             (source_[at_] == ' ' || source_[at_] == '\t' || source_[at_] == '\n' || source_[at_] == '\r'))
        ++at_;
      if (tokens.size() == tokens_max) return wrong(at_, "the expression is too long");
      Token token;
      token.at = at_;
      if (at_ == source_.size()) {
        tokens.push_back(token);
        return tokens;
      }
      RANKWIRE_TRY(read(token));
      tokens.push_back(std::move(token));
    }
  }

 private:
  Result<void> read(Token& token) {
    const char c = source_[at_];
    if (is_digit(c) || (c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))) return read_number(token);
    if (is_name_start(c)) {
      token.type = TokenType::name;
      while (at_ < source_.size() && (is_name_start(source_[at_]) || is_digit(source_[at_])))
        token.text += source_[at_++];
      return {};
    }
    if (c == '"' || c == '\'' || c == '`') return read_text(token);
    for (const std::string_view symbol : symbols) {
      if (!source_.substr(at_).starts_with(symbol)) continue;
      token.type = TokenType::symbol;
      token.text = symbol;
      at_ += symbol.size();
      return {};
    }
    return wrong(at_, "unexpected character");
  }

  Result<void> read_number(Token& token) {
    std::string digits;
    bool is_real = false;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      const bool is_exponent_sign = (c == '+' || c == '-') && !digits.empty() && (digits.back() | 0x20) == 'e';
      // A second dot is the range operator.
      if (c == '.' && source_.substr(at_).starts_with("..")) break;
      if (!is_digit(c) && c != '.' && (c | 0x20) != 'e' && c != '_' && !is_exponent_sign) break;
      is_real = is_real || c == '.' || (c | 0x20) == 'e';
      if (c != '_') digits += c;
      ++at_;
    }
    const char* const end = digits.data() + digits.size();
    token.type = is_real ? TokenType::real : TokenType::integer;
    const auto read =
        is_real ? std::from_chars(digits.data(), end, token.real) : std::from_chars(digits.data(), end, token.integer);
    if (read.ec != std::errc() || read.ptr != end) return wrong(token.at, "a number cannot be read");
    return {};
  }

  Result<void> read_text(Token& token) {
    const char quote = source_[at_++];
    token.type = TokenType::text;
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] != '\\' || quote == '`') {
        token.text += source_[at_++];
        continue;
      }
      if (++at_ == source_.size()) break;
      RANKWIRE_TRY(read_escape(token.text));
    }
    if (at_ == source_.size()) return wrong(token.at, "a text is not closed");
    ++at_;
    return {};
  }

  Result<void> read_escape(std::string& to) {
    const char c = source_[at_++];
    switch (c) {
      case 'n': to += '\n'; return {};
      case 't': to += '\t'; return {};
      case 'r': to += '\r'; return {};
      case 'a': to += '\a'; return {};
      case 'b': to += '\b'; return {};
      case 'f': to += '\f'; return {};
      case 'v': to += '\v'; return {};
      case '\\':
      case '"':
      case '\'':
      case '`': to += c; return {};
      case 'x': return read_hex(2, to);
      case 'u': return read_hex(4, to);
      default: return wrong(at_ - 1, "unknown escape in a text");
    }
  }

  Result<void> read_hex(std::size_t digits, std::string& to) {
    unsigned code = 0;
    const std::string_view text = source_.substr(at_, digits);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    if (text.size() != digits || read.ptr != text.data() + digits)
      return wrong(at_, "an escape needs hexadecimal digits");
    char utf8[4];
    to.append(utf8, text::put_utf8(utf8, code));
    at_ += digits;
    return {};
  }

  const std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) { return Tokenizer(source).run(); }

}  // namespace rankwire::file_log::expr
