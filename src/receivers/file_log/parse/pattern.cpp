#include "receivers/file_log/parse/pattern.hpp"

#include <re2/re2.h>

#include <optional>

#include "receivers/file_log/parse/scan_program.hpp"

namespace rankwire::file_log {

namespace {

constexpr int groups_max = 64;
constexpr std::size_t pattern_size_max = 16 * 1024;

// Reads "$1", "${name}" at `at` (behind the dollar). Empty: not a reference.
std::string_view reference_name(std::string_view text, std::size_t& at) {
  if (at < text.size() && text[at] == '{') {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return {};
    const std::string_view name = text.substr(at + 1, end - at - 1);
    at = end + 1;
    return name;
  }
  const std::size_t start = at;
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
  };
  while (at < text.size() && is_word(text[at])) ++at;
  return text.substr(start, at - start);
}

}  // namespace

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
  // RE2 before 2023 knows only the older of the two ways to name a group.
  std::string portable;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      portable += text[i++];
    } else if (text.compare(i, 3, "(?<") == 0) {
      portable += "(?P<";
      i += 2;
      continue;
    }
    portable += text[i];
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  Pattern pattern;
  pattern.compiled_ = std::make_unique<Compiled>(portable, options);
  const RE2& regex = pattern.compiled_->regex;
  if (!regex.ok()) return Error(ErrorKind::invalid, "\"" + text + "\" is not a regular expression: " + regex.error());
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

std::string Pattern::replace_all(std::string_view text, const std::string& with) const {
  std::string result;
  re2::StringPiece found[groups_max + 1];
  const int count = static_cast<int>(names_.size()) + 1;
  std::size_t at = 0;
  while (at <= text.size() &&
         compiled_->regex.Match({text.data(), text.size()}, at, text.size(), RE2::UNANCHORED, found, count)) {
    const auto start = static_cast<std::size_t>(found[0].data() - text.data());
    result.append(text.substr(at, start - at));
    for (std::size_t i = 0; i < with.size();) {
      if (with[i] != '$' || i + 1 == with.size()) {
        result += with[i++];
        continue;
      }
      ++i;
      if (with[i] == '$') {
        result += with[i++];
        continue;
      }
      const std::string_view name = reference_name(with, i);
      for (int group = 0; group < count; ++group)
        if (name == std::to_string(group) ||
            (group > 0 && !name.empty() && name == names_[static_cast<std::size_t>(group) - 1]))
          result.append(found[group].data() == nullptr ? "" : found[group].as_string());
    }
    at = start + found[0].size();
    if (found[0].empty()) {
      if (at < text.size()) result += text[at];
      ++at;
    }
  }
  if (at < text.size()) result.append(text.substr(at));
  return result;
}

}  // namespace rankwire::file_log
