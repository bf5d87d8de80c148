#include "text/mask_pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "text/pattern.hpp"
#include "text/pattern_error.hpp"

namespace rankwire::text {

namespace {

bool is_plain(char c) { return static_cast<unsigned char>(c) < 0x80 && std::strchr("\\[]^", c) == nullptr; }

void add_range(char from, char to, std::bitset<256>& bytes) {
  for (int c = from; c <= to; ++c) bytes.set(static_cast<std::size_t>(c));
}

// `\d+`, `\w+` or a list of ASCII letters as `[0-9a-f]+`, and nothing behind it.
bool read_repeated_bytes(std::string_view expression, std::bitset<256>& bytes) {
  if (expression.size() < 3 || expression.back() != '+') return false;
  const std::string_view set = expression.substr(0, expression.size() - 1);
  if (set == "\\d" || set == "\\w") {
    add_range('0', '9', bytes);
    if (set == "\\d") return true;
    add_range('a', 'z', bytes);
    add_range('A', 'Z', bytes);
    bytes.set('_');
    return true;
  }
  if (set.size() < 3 || set.front() != '[' || set.back() != ']') return false;
  const std::string_view list = set.substr(1, set.size() - 2);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_plain(list[i])) return false;
    const bool is_range = i + 2 < list.size() && list[i + 1] == '-';
    const char to = is_range ? list[i + 2] : list[i];
    if (!is_plain(to) || to < list[i]) return false;
    add_range(list[i], to, bytes);
    if (is_range) i += 2;
  }
  return true;
}

}  // namespace

LiteralPrefix literal_prefix(std::string_view expression) {
  // Alternatives and flags change what a prefix means; a bracketed `|` costs only the prefilter.
  if (expression.find('|') != std::string_view::npos || expression.find("(?") != std::string_view::npos) return {};
  LiteralPrefix prefix;
  std::size_t i = 0;
  for (; i < expression.size(); ++i) {
    char c = expression[i];
    if (c != '\0' && std::strchr(".[](){}^$*+?", c) != nullptr) {
      // A quantifier may make the character before it optional; `+` keeps one of it.
      if ((c == '*' || c == '?' || c == '{') && !prefix.text.empty()) prefix.text.pop_back();
      break;
    }
    if (c == '\\') {
      if (i + 1 >= expression.size() || std::isalnum(static_cast<unsigned char>(expression[i + 1])) != 0) break;
      c = expression[++i];
    }
    if (static_cast<unsigned char>(c) >= 0x80) break;  // A quantifier would apply to the whole character.
    prefix.text += c;
  }
  prefix.expression = expression.substr(i);
  return prefix;
}

MaskPattern::MaskPattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
MaskPattern::MaskPattern(MaskPattern&&) noexcept = default;
MaskPattern::~MaskPattern() = default;

Result<MaskPattern> MaskPattern::compile(const std::string& written) {
  const std::string expression = with_portable_names(written);
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(8 << 20);
  auto compiled = std::make_unique<RE2>(expression, options);
  if (!compiled->ok())
    return Error(ErrorKind::invalid,
                 "not a regular expression: \"" + written + "\": " + why_not_a_pattern(written, compiled->error()));
  MaskPattern pattern(std::move(compiled));
  LiteralPrefix prefix = literal_prefix(expression);
  if (prefix.text.size() < 2) return pattern;  // One common letter would hit everywhere.
  pattern.prefix_ = LiteralSearch(std::move(prefix.text));
  if (prefix.expression.empty())
    pattern.tail_ = Tail::nothing;
  else if (read_repeated_bytes(prefix.expression, pattern.tail_bytes_))
    pattern.tail_ = Tail::one_or_more;
  return pattern;
}

bool MaskPattern::matches(std::string_view text) const {
  Match match;
  if (!prefix_.literal().empty() && tail_ != Tail::expression) return find_by_prefix(text, 0, match);
  if (!prefix_.literal().empty() && prefix_.find(text, 0) == LiteralSearch::npos) return false;
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

std::size_t MaskPattern::match_end(std::string_view text, std::size_t at) const {
  const std::size_t behind = at + prefix_.literal().size();
  switch (tail_) {
    case Tail::nothing: return behind;
    case Tail::one_or_more: {
      std::size_t end = behind;
      while (end < text.size() && tail_bytes_[static_cast<unsigned char>(text[end])]) ++end;
      return end == behind ? at : end;
    }
    case Tail::expression: break;
  }
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece found;
  return expression_->Match(whole, at, text.size(), RE2::ANCHOR_START, &found, 1) ? at + found.size() : at;
}

bool MaskPattern::find_by_prefix(std::string_view text, std::size_t from, Match& match) const {
  for (;;) {
    const std::size_t at = prefix_.find(text, from);
    if (at == LiteralSearch::npos) return false;
    const std::size_t end = match_end(text, at);
    if (end != at) {
      match = {at, end};
      return true;
    }
    from = at + 1;
  }
}

bool MaskPattern::find(std::string_view text, std::size_t from, Match& match) const {
  if (!prefix_.literal().empty()) return find_by_prefix(text, from, match);
  const re2::StringPiece whole(text.data(), text.size());
  while (from <= text.size()) {
    re2::StringPiece found;
    if (!expression_->Match(whole, from, text.size(), RE2::UNANCHORED, &found, 1)) return false;
    const auto at = static_cast<std::size_t>(found.data() - text.data());
    if (!found.empty()) {
      match = {at, at + found.size()};
      return true;
    }
    from = at + 1;
  }
  return false;
}

bool MaskPattern::find_groups(std::string_view text, std::size_t from, std::span<std::string_view> groups) const {
  if (groups.size() == 1 && !prefix_.literal().empty()) {
    Match match;
    if (!find_by_prefix(text, from, match)) return false;
    groups[0] = text.substr(match.begin, match.end - match.begin);
    return true;
  }
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece found[groups_max + 1];
  const std::size_t count = std::min(groups.size(), groups_max + 1);
  bool is_match = false;
  if (prefix_.literal().empty()) {
    is_match = expression_->Match(whole, from, text.size(), RE2::UNANCHORED, found, static_cast<int>(count));
  } else {
    for (std::size_t at = prefix_.find(text, from); at != LiteralSearch::npos && !is_match;
         at = prefix_.find(text, at + 1))
      is_match = expression_->Match(whole, at, text.size(), RE2::ANCHOR_START, found, static_cast<int>(count));
  }
  if (!is_match) return false;
  for (std::size_t i = 0; i < count; ++i) groups[i] = {found[i].data(), found[i].size()};
  return true;
}

std::vector<std::string> MaskPattern::group_names() const {
  std::vector<std::string> names(static_cast<std::size_t>(expression_->NumberOfCapturingGroups()));
  for (const auto& [index, name] : expression_->CapturingGroupNames())
    names[static_cast<std::size_t>(index - 1)] = name;
  return names;
}

}  // namespace rankwire::text
