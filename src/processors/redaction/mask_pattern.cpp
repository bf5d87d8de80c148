#include "processors/redaction/mask_pattern.hpp"

#include <re2/re2.h>

#include <cstring>

namespace rankwire::redaction {

std::string literal_prefix(std::string_view expression) {
  // Alternatives and flags change what a prefix means; a bracketed `|` costs only the prefilter.
  if (expression.find('|') != std::string_view::npos || expression.find("(?") != std::string_view::npos) return {};
  std::string prefix;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (std::strchr(".[](){}^$*+?", c) != nullptr && c != '\0') {
      // A quantifier may make the character before it optional; `+` keeps one of it.
      if (c == '*' || c == '?' || c == '{') {
        if (!prefix.empty()) prefix.pop_back();
      }
      break;
    }
    if (c == '\\') {
      if (i + 1 >= expression.size() || std::isalnum(static_cast<unsigned char>(expression[i + 1])) != 0) break;
      c = expression[++i];
    }
    if (static_cast<unsigned char>(c) >= 0x80) break;  // A quantifier would apply to the whole character.
    prefix += c;
  }
  return prefix;
}

MaskPattern::MaskPattern(std::unique_ptr<re2::RE2> expression, std::string prefix)
    : expression_(std::move(expression)), prefix_(std::move(prefix)) {}
MaskPattern::MaskPattern(MaskPattern&&) noexcept = default;
MaskPattern::~MaskPattern() = default;

Result<MaskPattern> MaskPattern::compile(const std::string& expression) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(8 << 20);
  auto compiled = std::make_unique<RE2>(expression, options);
  if (!compiled->ok())
    return Error(ErrorKind::invalid, "not a regular expression: \"" + expression + "\": " + compiled->error());
  std::string prefix = literal_prefix(expression);
  if (prefix.size() < 2) prefix.clear();  // One common letter would hit everywhere.
  return MaskPattern(std::move(compiled), std::move(prefix));
}

bool MaskPattern::matches(std::string_view text) const {
  if (!prefix_.empty() && ::memmem(text.data(), text.size(), prefix_.data(), prefix_.size()) == nullptr) return false;
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

bool MaskPattern::find_by_prefix(std::string_view text, std::size_t from, Match& match) const {
  const re2::StringPiece whole(text.data(), text.size());
  while (from < text.size()) {
    const void* hit = ::memmem(text.data() + from, text.size() - from, prefix_.data(), prefix_.size());
    if (hit == nullptr) return false;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    re2::StringPiece found;
    if (expression_->Match(whole, at, text.size(), RE2::ANCHOR_START, &found, 1) && !found.empty()) {
      match = {at, at + found.size()};
      return true;
    }
    from = at + 1;
  }
  return false;
}

bool MaskPattern::find(std::string_view text, std::size_t from, Match& match) const {
  if (!prefix_.empty()) return find_by_prefix(text, from, match);
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

}  // namespace rankwire::redaction
