#include "text/pattern.hpp"

#include <re2/re2.h>

#include <optional>

#include "text/pattern_error.hpp"
#include "text/replacement.hpp"
#include "text/scan_program.hpp"

namespace rankwire::text {

namespace {

constexpr int groups_max = 64;
constexpr std::size_t pattern_size_max = 16 * 1024;

// Where the class or the quotation that begins at `at` ends: brackets in it open no group.
std::size_t skip_literal(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("\\Q")) return std::min(text.find("\\E", at), text.size());
  if (text[at] == '\\') return std::min(at + 2, text.size());
  if (text[at] != '[') return at;
  std::size_t end = at + 1;
  if (end < text.size() && text[end] == '^') ++end;
  for (bool is_first = true; end < text.size() && (is_first || text[end] != ']'); is_first = false) {
    const std::size_t named = text.substr(end).starts_with("[:") ? text.find(":]", end + 2) : std::string_view::npos;
    if (named != std::string_view::npos)
      end = named + 2;
    else
      end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(end, text.size());
}

}  // namespace

std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (size < 4 && at + size < text.size() && (text[at + size] & 0xC0) == 0x80) ++size;
  return size;
}

std::string with_portable_names(std::string_view text) {
  std::string portable;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::max(skip_literal(text, i), i + 1);
    if (text.substr(i).starts_with("(?<")) {
      portable += "(?P";
      i += 2;
      continue;
    }
    portable.append(text, i, end - i);
    i = end;
  }
  return portable;
}

struct Pattern::Compiled {
  explicit Compiled(const std::string& text, const RE2::Options& options) : regex(text, options) {}

  std::optional<ScanProgram> scan;
  RE2 regex;
};

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(const std::string& text) {
  if (text.size() > pattern_size_max) return Error(ErrorKind::invalid, "the regular expression is too long");
  const std::string portable = with_portable_names(text);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  Pattern pattern;
  pattern.compiled_ = std::make_unique<Compiled>(portable, options);
  const RE2& regex = pattern.compiled_->regex;
  if (!regex.ok())
    return Error(ErrorKind::invalid,
                 "\"" + text + "\" is not a regular expression: " + why_not_a_pattern(text, regex.error()));
  if (regex.NumberOfCapturingGroups() > groups_max)
    return Error(ErrorKind::invalid, "a regular expression may have at most 64 groups");
  pattern.names_.resize(static_cast<std::size_t>(regex.NumberOfCapturingGroups()));
  for (const auto& [index, name] : regex.CapturingGroupNames())
    pattern.names_[static_cast<std::size_t>(index - 1)] = name;
  pattern.compiled_->scan = ScanProgram::compile(portable);
  return pattern;
}

bool Pattern::is_scanned() const { return compiled_->scan.has_value() && compiled_->scan->is_straight(); }

bool Pattern::matches(std::string_view text) const {
  // Without groups RE2 never goes back either.
  if (is_scanned()) return compiled_->scan->match(text, {}) == ScanProgram::Outcome::matched;
  return compiled_->regex.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::capture(std::string_view text, std::span<std::string_view> groups) const {
  if (compiled_->scan.has_value()) {
    const auto outcome = compiled_->scan->match(text, groups);
    if (outcome != ScanProgram::Outcome::gave_up) return outcome == ScanProgram::Outcome::matched;
  }
  re2::StringPiece found[groups_max + 1];
  const auto count = std::min(groups.size(), names_.size());
  if (!compiled_->regex.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, found,
                              static_cast<int>(count) + 1))
    return false;
  for (std::size_t i = 0; i < count; ++i) groups[i] = {found[i + 1].data(), found[i + 1].size()};
  return true;
}

std::optional<std::string> Pattern::expanded(std::string_view text, const std::string& with) const {
  re2::StringPiece found[groups_max + 1];
  std::string_view groups[groups_max + 1];
  const std::size_t count = names_.size() + 1;
  if (!compiled_->regex.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, found,
                              static_cast<int>(count)))
    return {};
  for (std::size_t i = 0; i < count; ++i) groups[i] = {found[i].data(), found[i].size()};
  std::string result;
  Replacement(with, names_).append({groups, count}, result);
  return result;
}

std::string Pattern::replace_all(std::string_view text, const std::string& with) const {
  std::string result;
  const Replacement replacement(with, names_);
  re2::StringPiece found[groups_max + 1];
  std::string_view groups[groups_max + 1];
  const std::size_t count = names_.size() + 1;
  std::size_t at = 0;
  std::size_t copied = 0;
  while (at <= text.size() && compiled_->regex.Match({text.data(), text.size()}, at, text.size(), RE2::UNANCHORED,
                                                     found, static_cast<int>(count))) {
    const auto start = static_cast<std::size_t>(found[0].data() - text.data());
    const std::size_t end = start + found[0].size();
    result.append(text.substr(copied, start - copied));
    // An empty match right behind another one is none, as in Go.
    if (end > copied || start == 0) {
      for (std::size_t i = 0; i < count; ++i) groups[i] = {found[i].data(), found[i].size()};
      replacement.append({groups, count}, result);
    }
    copied = end;
    at = std::max(end, at + character_size(text, at));
  }
  return result.append(text.substr(copied));
}

}  // namespace rankwire::text
