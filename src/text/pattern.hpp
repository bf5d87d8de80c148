// A regular expression compiled once. Simple anchored ones, such as
// `^(?P<host>\S+) - (?P<user>[^ ]+) \[`, are matched by a scanner of our own that gives the same
// result in one pass over the text; all others by RE2.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rankwire::text {

// How a search for the next match goes on at `at`: it must not begin inside of a character.
std::size_t character_size(std::string_view text, std::size_t at);
// RE2 before 2023 knows only the older of Go's two ways to name a group.
std::string with_portable_names(std::string_view expression);

class Pattern {
 public:
  // `text` in Go's syntax, which is RE2's.
  static Result<Pattern> compile(const std::string& text);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // Whether it matches anywhere in `text`.
  bool matches(std::string_view text) const;
  // Group i of the leftmost match goes to groups[i - 1]; one that took no part has null data().
  bool capture(std::string_view text, std::span<std::string_view> groups) const;

  std::size_t group_count() const { return names_.size(); }
  // Empty: the group has no name.
  const std::vector<std::string>& group_names() const { return names_; }
  // Whether the scanner does it; for tests and measurements.
  bool is_scanned() const;

  // Replaces every match; `with` refers to groups as $1 or ${name}.
  std::string replace_all(std::string_view text, const std::string& with) const;
  // What `with` becomes for the leftmost match alone; nothing if there is no match.
  std::optional<std::string> expanded(std::string_view text, const std::string& with) const;

 private:
  struct Compiled;
  Pattern();
  std::unique_ptr<Compiled> compiled_;
  std::vector<std::string> names_;
};

}  // namespace rankwire::text
