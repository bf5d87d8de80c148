// Follows a value through the text it was written as, byte for byte: any difference ends it without an answer, so
// that a place is either right or not given.
#include "config/scalar_places.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "config/expand.hpp"

namespace rankwire::config {
namespace {

constexpr std::size_t none = std::string_view::npos;

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Follower {
 public:
  Follower(std::string_view document, std::size_t at, std::string_view value, std::size_t offset)
      : document_(document), at_(at), value_(value), offset_(offset) {}

  // Where the byte of the value stands; `none` if it cannot be told.
  std::size_t find() {
    skip_properties();
    const char first = peek();
    if (first == '|' || first == '>') return block(first == '>') ? found_ : none;
    if (first == '"' || first == '\'') ++at_;
    return flow(first) ? found_ : none;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < document_.size() ? document_[at_ + ahead] : '\0'; }
  bool is_at_end() const { return at_ >= document_.size(); }
  bool is_break(std::size_t at) const {
    return at < document_.size() &&
           (document_[at] == '\n' || (document_[at] == '\r' && document_.substr(at + 1, 1) == "\n"));
  }
  void skip_break() { at_ += document_[at_] == '\r' ? 2 : 1; }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  // Tags and anchors, which the library counts as the beginning.
  void skip_properties() {
    while (peek() == '!' || peek() == '&') {
      while (!is_at_end() && peek() != ' ' && peek() != '\t' && !is_break(at_)) ++at_;
      while (peek() == ' ' || peek() == '\t' || is_break(at_)) is_break(at_) ? skip_break() : skip_blanks();
    }
  }
  // Bytes of the value that stand at `at`. False: they are others.
  bool take(std::string_view bytes, std::size_t at) {
    if (value_.substr(taken_, bytes.size()) != bytes) return false;
    if (offset_ >= taken_ && offset_ < taken_ + bytes.size()) found_ = at;
    taken_ += bytes.size();
    return true;
  }
  bool is_done() {
    if (taken_ < value_.size()) return false;
    if (found_ == none) found_ = at_;
    return true;
  }

  // Plain and quoted texts: lines are trimmed and joined by a space, blank lines are line breaks.
  bool flow(char quote) {
    while (!is_done()) {
      if (is_at_end()) return false;
      std::size_t end = at_;
      while (end < document_.size() && (document_[end] == ' ' || document_[end] == '\t')) ++end;
      if (is_break(end)) {
        const std::size_t begin = std::exchange(at_, end);
        if (!fold_lines(begin, " ")) return false;
      } else if (quote == '"' && peek() == '\\') {
        if (!escape()) return false;
      } else if (quote == '\'' && peek() == '\'') {
        if (peek(1) != '\'' || !take("'", at_)) return false;
        at_ += 2;
      } else {
        if (!take(document_.substr(at_, 1), at_)) return false;
        ++at_;
      }
    }
    return true;
  }

  // The break at `at_` and blank lines behind it; `single`: what one break alone becomes.
  bool fold_lines(std::size_t begin, std::string_view single) {
    std::size_t breaks = 0;
    for (; is_break(at_); ++breaks) {
      skip_break();
      skip_blanks();
    }
    return take(breaks == 1 ? std::string(single) : std::string(breaks - 1, '\n'), begin);
  }

  bool escape() {
    const std::size_t begin = at_++;
    if (is_break(at_)) return fold_lines(begin, "");
    constexpr std::string_view names = "0abtnvfre \"'\\/N_LP\t";
    constexpr std::uint32_t codes[] = {0,   7,    8,    9,   10,   11,   12,     13,     27,  ' ',
                                       '"', '\'', '\\', '/', 0x85, 0xA0, 0x2028, 0x2029, '\t'};
    const char name = peek();
    ++at_;
    std::uint32_t code = 0;
    const std::size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
    if (digits != 0) {
      const std::string_view hex = document_.substr(std::min(at_, document_.size()), digits);
      if (hex.size() != digits || std::from_chars(hex.data(), hex.data() + digits, code, 16).ec != std::errc())
        return false;
      at_ += digits;
    } else if (const std::size_t index = names.find(name); index != none) {
      code = codes[index];
    } else {
      return false;
    }
    std::string bytes;
    append_utf8(bytes, code);
    // The library writes "\N" and "\_" as one byte.
    return take(bytes, begin) || (digits == 0 && take(std::string(1, static_cast<char>(code)), begin));
  }

  // `|` and `>`. How far lines are indented follows from the first one with text: in the value it begins with the
  // spaces that are not indentation.
  bool block(bool is_folded) {
    while (!is_at_end() && !is_break(at_)) ++at_;
    if (is_at_end()) return is_done();
    skip_break();
    const std::size_t indent = indentation();
    while (!is_done()) {
      for (std::size_t i = 0; i < indent && peek() == ' '; ++i) ++at_;
      for (; !is_at_end() && !is_break(at_) && taken_ < value_.size(); ++at_)
        if (!take(document_.substr(at_, 1), at_)) return false;
      if (is_done()) break;
      if (is_at_end() || !break_lines(is_folded, indent)) return false;
    }
    return true;
  }

  std::size_t indentation() const {
    std::size_t line = at_;
    for (;;) {
      std::size_t text = line;
      while (text < document_.size() && document_[text] == ' ') ++text;
      if (!is_break(text)) {
        const std::size_t first = std::min(value_.find_first_not_of('\n'), value_.size());
        const std::size_t kept = std::min(value_.find_first_not_of(' ', first), value_.size()) - first;
        return text - line >= kept ? text - line - kept : 0;
      }
      line = text + (document_[text] == '\r' ? 2 : 1);
    }
  }

  // The break at `at_`, with the empty lines behind it when lines are folded.
  bool break_lines(bool is_folded, std::size_t indent) {
    const std::size_t begin = at_;
    skip_break();
    if (!is_folded) return take("\n", begin);
    std::size_t breaks = 1;
    for (;; ++breaks) {
      std::size_t next = at_;
      while (next < document_.size() && next - at_ < indent && document_[next] == ' ') ++next;
      if (!is_break(next)) break;
      at_ = next;
      skip_break();
    }
    if (breaks == 1 && value_.substr(taken_, 1) == " ") return take(" ", begin);
    std::size_t kept = 0;
    while (kept < breaks && value_.substr(taken_ + kept, 1) == "\n") ++kept;
    return kept != 0 && kept + 1 >= breaks && take(std::string(kept, '\n'), begin);
  }

  const std::string_view document_;
  std::size_t at_;
  const std::string_view value_;
  const std::size_t offset_;
  std::size_t taken_ = 0;
  std::size_t found_ = none;
};

}  // namespace

std::optional<WrittenAt> written_at(std::string_view document, std::uint32_t line, std::uint32_t column,
                                    std::string_view value, std::size_t offset) {
  if (line == 0 || column == 0 || offset > value.size()) return std::nullopt;
  std::size_t begin = document.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::uint32_t i = 1; i < line; ++i) {
    begin = document.find('\n', begin);
    if (begin == none) return std::nullopt;
    ++begin;
  }
  const std::size_t at = Follower(document, begin + column - 1, value, offset).find();
  if (at == none) return std::nullopt;
  WrittenAt where{line, 1};
  for (std::size_t i = begin; i < at && i < document.size(); ++i) {
    if (document[i] == '\n') {
      ++where.line;
      where.column = 1;
    } else if ((static_cast<unsigned char>(document[i]) & 0xC0) != 0x80) {
      ++where.column;
    }
  }
  return where;
}

namespace {

// Follows `expanded` through `written`, where "$$" stands for "$", for `count` bytes of it: how many bytes of
// `written` these are.
std::optional<std::size_t> followed(std::string_view written, std::string_view expanded, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (at >= written.size() || i >= expanded.size() || written[at] != expanded[i]) return std::nullopt;
    at += written.substr(at, 2) == "$$" ? 2 : 1;
  }
  return at;
}

std::size_t size_without_escapes(std::string_view written) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < written.size(); ++size) at += written.substr(at, 2) == "$$" ? 2 : 1;
  return size;
}

}  // namespace

std::optional<std::size_t> unexpanded_offset(std::string_view written, std::string_view expanded, std::size_t offset) {
  if (offset > expanded.size()) return std::nullopt;
  const std::string_view first = find_reference(written);
  if (first.empty()) return followed(written, expanded, offset);
  const auto end_of = [&](std::string_view part) {
    return static_cast<std::size_t>(part.data() - written.data()) + part.size();
  };
  const auto at = followed(written.substr(0, end_of(first) - first.size()), expanded, offset);
  if (at && *at < end_of(first) - first.size()) return at;
  // Behind the last reference the ends of both texts are the same.
  std::size_t last = end_of(first);
  for (std::string_view next; !(next = find_reference(written.substr(last))).empty();) last = end_of(next);
  const std::string_view tail = written.substr(last);
  const std::size_t size = size_without_escapes(tail);
  if (size == 0 || size > expanded.size() || offset < expanded.size() - size) return std::nullopt;
  const std::string_view end = expanded.substr(expanded.size() - size);
  if (!followed(tail, end, size)) return std::nullopt;
  const auto behind = followed(tail, end, offset - (expanded.size() - size));
  return behind ? std::optional(last + *behind) : std::nullopt;
}

}  // namespace rankwire::config
