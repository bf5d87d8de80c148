#include "processors/redaction/db_statements.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rankwire::redaction {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || is_digit(c) || c == '$'; }

class SqlHider {
 public:
  SqlHider(std::string_view text, bool are_double_quotes_texts)
      : text_(text), are_double_quotes_texts_(are_double_quotes_texts) {}

  std::string hide() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = text_[at_];
    if (c == '\'' || (c == '"' && are_double_quotes_texts_)) return quoted_text(c);
    if (c == '"' || c == '`') return quoted_name(c);
    if (c == '-' && peek(1) == '-') return skip_until("\n");
    if (c == '/' && peek(1) == '*') return skip_until("*/");
    if (c == '$') return dollar();
    if (is_name_start(c)) return name();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    out_ += c;
    ++at_;
  }

  // A quote that never ends hides the rest.
  void quoted_text(char quote) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') {
        ++at_;
      } else if (c == quote) {
        if (peek(0) != quote) break;
        ++at_;
      }
    }
    at_ = std::min(at_, text_.size());
    out_ += '?';
  }

  void quoted_name(char quote) {
    const std::size_t end = std::min(text_.find(quote, at_ + 1), text_.size() - 1);
    while (at_ <= end) name_character(text_[at_++]);
  }

  void name_character(char c) {
    if (!is_digit(c))
      out_ += c;
    else if (out_.empty() || out_.back() != '?')
      out_ += '?';
  }

  void name() {
    // The letter before a literal ('N' of N'text', 'x' of x'1f') belongs to it.
    if (peek(1) == '\'') {
      ++at_;
      return quoted_text('\'');
    }
    while (at_ < text_.size() && is_name(text_[at_])) name_character(text_[at_++]);
  }

  void number() {
    // Also 0x1f and 1e-5.
    while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.' ||
                                  ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 0x20) == 'e')))
      ++at_;
    out_ += '?';
  }

  // $1 is a parameter, $tag$ ... $tag$ a text.
  void dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_name(text_[end]) && text_[end] != '$') ++end;
    if (end == text_.size() || text_[end] != '$' || is_digit(peek(1))) {
      out_.append(text_.substr(at_, end - at_));
      at_ = end;
      return;
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    out_ += '?';
  }

  void skip_until(std::string_view end) {
    const std::size_t found = text_.find(end, at_ + 2);
    at_ = found == std::string_view::npos ? text_.size() : found + (end == "\n" ? 0 : end.size());
  }

  const std::string_view text_;
  const bool are_double_quotes_texts_;
  std::size_t at_ = 0;
  std::string out_;
};

// Which arguments of a command are values: from `first` (the key is 1), every `step`-th; 0: only that
// one; `rest`: all from there on become a single "?".
struct RedisCommand {
  std::string_view name;
  std::uint8_t first;
  std::uint8_t step;
  bool rest = false;
};

constexpr RedisCommand redis_commands[] = {
    {"APPEND", 2, 0},         {"AUTH", 1, 0, true},
    {"BITFIELD", 4, 0, true}, {"CONFIG", 3, 0, true},
    {"EVAL", 2, 0, true},     {"EVALSHA", 2, 0, true},
    {"GEOADD", 2, 0, true},   {"GEODIST", 2, 0, true},
    {"GEOHASH", 2, 0, true},  {"GEOPOS", 2, 0, true},
    {"GETSET", 2, 0},         {"HELLO", 2, 0, true},
    {"HMSET", 3, 2},          {"HSET", 3, 2},
    {"HSETNX", 3, 0},         {"LINSERT", 4, 0},
    {"LPOS", 2, 0},           {"LPUSH", 2, 0, true},
    {"LPUSHX", 2, 0, true},   {"LREM", 3, 0},
    {"LSET", 3, 0},           {"MIGRATE", 6, 0, true},
    {"MSET", 2, 2},           {"MSETNX", 2, 2},
    {"PFADD", 2, 0, true},    {"PSETEX", 3, 0},
    {"PUBLISH", 2, 0},        {"RESTORE", 3, 0, true},
    {"RPUSH", 2, 0, true},    {"RPUSHX", 2, 0, true},
    {"SADD", 2, 0, true},     {"SET", 2, 0},
    {"SETBIT", 3, 0},         {"SETEX", 3, 0},
    {"SETNX", 2, 0},          {"SETRANGE", 3, 0},
    {"SISMEMBER", 2, 0},      {"SMISMEMBER", 2, 0, true},
    {"SMOVE", 3, 0},          {"SPUBLISH", 2, 0},
    {"SREM", 2, 0, true},     {"XADD", 4, 2},
    {"ZADD", 3, 2},           {"ZINCRBY", 3, 0},
    {"ZRANK", 2, 0},          {"ZREM", 2, 0, true},
    {"ZREVRANK", 2, 0},       {"ZSCORE", 2, 0},
};

bool is_same_word(std::string_view written, std::string_view upper) {
  return std::equal(written.begin(), written.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

const RedisCommand* redis_command(std::string_view word) {
  for (const RedisCommand& command : redis_commands)
    if (is_same_word(word, command.name)) return &command;
  return nullptr;
}

// The next word from `at`, quotes included; empty at the end.
std::string_view next_word(std::string_view line, std::size_t& at) {
  while (at < line.size() && is_space(line[at])) ++at;
  const std::size_t start = at;
  char quote = '\0';
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quote != '\0') {
      if (c == '\\')
        ++at;
      else if (c == quote)
        quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (is_space(c)) {
      break;
    }
  }
  at = std::min(at, line.size());
  return line.substr(start, at - start);
}

bool is_value(const RedisCommand& command, std::size_t index) {
  if (index < command.first) return false;
  if (command.rest || index == command.first) return true;
  return command.step != 0 && (index - command.first) % command.step == 0;
}

bool hide_redis_line(std::string_view line, std::string& out) {
  std::size_t at = 0;
  const RedisCommand* command = redis_command(next_word(line, at));
  if (command == nullptr) {
    out.append(line);
    return false;
  }
  out.append(line.substr(0, at));
  bool is_changed = false;
  for (std::size_t index = 1;; ++index) {
    const std::string_view word = next_word(line, at);
    if (word.empty()) break;
    out += ' ';
    out.append(is_value(*command, index) ? "?" : word);
    is_changed |= is_value(*command, index);
    if (command->rest && index == command->first) break;
  }
  return is_changed;
}

constexpr int nesting_max = 64;

class JsonHider {
 public:
  explicit JsonHider(std::string_view text) : text_(text) {}

  bool hide() {
    skip_spaces();
    if (at_ == text_.size() || (text_[at_] != '{' && text_[at_] != '[')) return false;
    if (!value(0)) return false;
    skip_spaces();
    return at_ == text_.size();
  }
  std::string take() { return std::move(out_); }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool is_next(char c) {
    skip_spaces();
    return at_ < text_.size() && text_[at_] == c;
  }

  bool value(int depth) {
    if (depth > nesting_max) return false;
    if (is_next('{')) return members('}', depth);
    if (is_next('[')) return members(']', depth);
    out_ += "\"?\"";
    return is_next('"') ? text_end() : literal();
  }

  bool members(char close, int depth) {
    out_ += text_[at_++];
    for (bool is_first = true; !accept(close); is_first = false) {
      if (!is_first && !accept(',')) return false;
      if (!is_first) out_ += ',';
      if (close == '}' && !key()) return false;
      if (!value(depth + 1)) return false;
    }
    out_ += close;
    return true;
  }

  bool key() {
    if (!is_next('"')) return false;
    const std::size_t start = at_;
    if (!text_end()) return false;
    out_.append(text_.substr(start, at_ - start));
    out_ += ':';
    return accept(':');
  }

  bool text_end() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\')
        ++at_;
      else if (text_[at_] == '"')
        return ++at_, true;
    }
    return false;
  }

  bool literal() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.'))
      ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    return !word.empty() &&
           (word == "true" || word == "false" || word == "null" || word[0] == '-' || is_digit(word[0]));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

bool hide_sql(std::string_view text, bool are_double_quotes_texts, std::string& into) {
  std::string hidden = SqlHider(text, are_double_quotes_texts).hide();
  if (hidden == text) return false;
  into = std::move(hidden);
  return true;
}

bool hide_redis(std::string_view text, std::string& into) {
  std::string out;
  bool is_changed = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    is_changed |= hide_redis_line(text.substr(at, end - at), out);
    if (end == text.size()) break;
    out += '\n';
    at = end + 1;
  }
  if (is_changed) into = std::move(out);
  return is_changed;
}

bool hide_memcached(std::string_view text, std::string& into) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return false;
  into = text.substr(0, end);
  return true;
}

bool hide_json(std::string_view text, std::string& into) {
  JsonHider hider(text);
  if (!hider.hide()) return false;
  std::string hidden = hider.take();
  if (hidden == text) return false;
  into = std::move(hidden);
  return true;
}

}  // namespace rankwire::redaction
