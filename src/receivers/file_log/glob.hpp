// Path patterns with the rules of doublestar: `**` is any number of directories (only as a whole
// path segment), `*` and `?` stay inside one, `[a-z]` and `{a,b}` as in a shell. Names that begin
// with a dot are matched like any other.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::file_log {

class Glob {
 public:
  // One for each combination of its `{a,b}` alternatives. `invalid` for an unclosed bracket or brace.
  static Result<std::vector<Glob>> parse(std::string_view pattern);

  bool matches(std::string_view path) const;
  const std::vector<std::string>& segments() const { return segments_; }
  bool is_absolute() const { return is_absolute_; }

 private:
  std::vector<std::string> segments_;
  bool is_absolute_ = false;
};

// One path segment against one pattern segment.
bool matches_segment(std::string_view pattern, std::string_view name);
bool has_wildcard(std::string_view segment);

// What a walk over the disk meets. A directory is reported before it is listed, so that a watch
// placed on it cannot miss an entry.
struct GlobVisitor {
  std::function<void(const std::string& directory)> directory;
  std::function<void(const std::string& path)> match;
  std::function<void(const Error& error)> unlisted;  // A directory could not be listed. Need not be set.
};

// Finds what `glob` matches. With `within`, only at and below that path.
void walk(FileSystem& files, const Glob& glob, std::string_view within, const GlobVisitor& visitor);

}  // namespace rankwire::file_log
