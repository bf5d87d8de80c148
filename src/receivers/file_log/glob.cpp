#include "receivers/file_log/glob.hpp"

#include <span>

namespace rankwire::file_log {
namespace {

constexpr std::size_t alternatives_max = 1000;
constexpr std::size_t depth_max = 64;

// Where the group opened at `at` closes, and its top-level commas; npos if it never does.
std::size_t group_end(std::string_view text, std::size_t at, std::vector<std::size_t>& commas) {
  int depth = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == ',' && depth == 1) {
      commas.push_back(i);
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::size_t find_unescaped(std::string_view text, char wanted) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == wanted)
      return i;
  }
  return std::string_view::npos;
}

Result<void> expand(const std::string& pattern, std::vector<std::string>& out) {
  const std::size_t open = find_unescaped(pattern, '{');
  if (open == std::string::npos) {
    if (out.size() >= alternatives_max) return Error(ErrorKind::invalid, "too many alternatives in a pattern");
    out.push_back(pattern);
    return {};
  }
  std::vector<std::size_t> cuts{open};
  const std::size_t close = group_end(pattern, open, cuts);
  if (close == std::string::npos) return Error(ErrorKind::invalid, "'{' without '}' in pattern " + pattern);
  cuts.push_back(close);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
    RANKWIRE_TRY(expand(
        pattern.substr(0, open) + pattern.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1) + pattern.substr(close + 1),
        out));
  return {};
}

// Matches `c` against the class that starts after '[' at `at`; moves `at` past ']'.
bool matches_class(std::string_view pattern, std::size_t& at, char c) {
  const bool is_negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (is_negated) ++at;
  bool is_hit = false;
  for (bool is_first = true; at < pattern.size() && (is_first || pattern[at] != ']'); is_first = false) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern[at + 1];
      at += 2;
    }
    const auto value = static_cast<unsigned char>(c);
    if (value >= static_cast<unsigned char>(low) && value <= static_cast<unsigned char>(high)) is_hit = true;
  }
  if (at < pattern.size()) ++at;
  return is_hit != is_negated;
}

bool matches_path(std::span<const std::string> pattern, std::span<const std::string_view> path) {
  while (!pattern.empty()) {
    if (pattern.front() == "**") {
      for (std::size_t skip = 0; skip <= path.size(); ++skip)
        if (matches_path(pattern.subspan(1), path.subspan(skip))) return true;
      return false;
    }
    if (path.empty() || !matches_segment(pattern.front(), path.front())) return false;
    pattern = pattern.subspan(1);
    path = path.subspan(1);
  }
  return path.empty();
}

template <class Text>
std::vector<Text> split(std::string_view path) {
  std::vector<Text> segments;
  for (std::size_t at = 0; at < path.size();) {
    std::size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    if (end != at && path.substr(at, end - at) != ".") segments.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

class Walk {
 public:
  Walk(FileSystem& files, const Glob& glob, std::string_view within, const GlobVisitor& visitor)
      : files_(files), glob_(glob), within_(within), visitor_(visitor) {}

  void visit(const std::string& directory, std::size_t segment, std::size_t depth) {
    if (depth > depth_max || segment >= glob_.segments().size() || !is_wanted(directory)) return;
    const std::string& pattern = glob_.segments()[segment];
    const bool is_last = segment + 1 == glob_.segments().size();
    if (pattern == "**") return visit_any_depth(directory, segment, depth);
    if (!has_wildcard(pattern)) return visit_literal(directory, pattern, segment, depth);
    visitor_.directory(shown(directory));
    const auto entries = files_.list(shown(directory));
    if (!entries) return failed(entries.error());
    for (const DirectoryEntry& entry : *entries) {
      if (!matches_segment(pattern, entry.name)) continue;
      if (is_last && entry.type != FileType::directory) found(join(directory, entry.name));
      if (!is_last && entry.type != FileType::regular) visit(join(directory, entry.name), segment + 1, depth + 1);
    }
  }

 private:
  static std::string join(const std::string& directory, std::string_view name) {
    if (directory.empty()) return std::string(name);
    return (directory.back() == '/' ? directory : directory + "/") + std::string(name);
  }
  static std::string shown(const std::string& directory) { return directory.empty() ? "." : directory; }

  // Whether `path` leads to `within_` or lies below it.
  bool is_wanted(std::string_view path) const {
    if (within_.empty() || path.empty() || path == "/") return true;
    const std::string_view shorter = path.size() < within_.size() ? path : within_;
    const std::string_view longer = path.size() < within_.size() ? within_ : path;
    return longer.starts_with(shorter) && (longer.size() == shorter.size() || longer[shorter.size()] == '/');
  }

  void found(const std::string& path) {
    if (is_wanted(path)) visitor_.match(path);
  }

  void failed(const Error& error) {
    if (visitor_.unlisted) visitor_.unlisted(error);
  }

  void visit_literal(const std::string& directory, const std::string& name, std::size_t segment, std::size_t depth) {
    const std::string path = join(directory, name);
    if (segment + 1 == glob_.segments().size()) {
      visitor_.directory(shown(directory));
      return found(path);
    }
    // What is not there yet is awaited in the deepest directory that is.
    const auto status = files_.status(path);
    if (!status || status->type != FileType::directory) return visitor_.directory(shown(directory));
    visit(path, segment + 1, depth + 1);
  }

  void visit_any_depth(const std::string& directory, std::size_t segment, std::size_t depth) {
    const bool is_last = segment + 1 == glob_.segments().size();
    visitor_.directory(shown(directory));
    if (!is_last) visit(directory, segment + 1, depth);
    const auto entries = files_.list(shown(directory));
    if (!entries) return failed(entries.error());
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = join(directory, entry.name);
      // Links to directories are not followed here: they may lead in circles.
      if (entry.type == FileType::directory && depth < depth_max && is_wanted(path))
        visit_any_depth(path, segment, depth + 1);
      else if (is_last && entry.type != FileType::directory)
        found(path);
    }
  }

  FileSystem& files_;
  const Glob& glob_;
  const std::string_view within_;
  const GlobVisitor& visitor_;
};

}  // namespace

bool has_wildcard(std::string_view segment) { return segment.find_first_of("*?[\\") != std::string_view::npos; }

bool matches_segment(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = n;
      continue;
    }
    bool is_hit = false;
    if (p < pattern.size()) {
      if (pattern[p] == '[') {
        std::size_t after = p + 1;
        is_hit = matches_class(pattern, after, name[n]);
        if (is_hit) p = after;
      } else {
        std::size_t at = p;
        const bool is_escaped = pattern[at] == '\\' && at + 1 < pattern.size();
        if (is_escaped) ++at;
        is_hit = (!is_escaped && pattern[at] == '?') || pattern[at] == name[n];
        if (is_hit) p = at + 1;
      }
    }
    if (is_hit) {
      ++n;
    } else if (star != std::string_view::npos) {
      p = star;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::vector<Glob>> Glob::parse(std::string_view pattern) {
  std::vector<std::string> alternatives;
  RANKWIRE_TRY(expand(std::string(pattern), alternatives));
  std::vector<Glob> globs;
  for (const std::string& text : alternatives) {
    const std::size_t open = find_unescaped(text, '[');
    if (open != std::string::npos && text.find(']', open) == std::string::npos)
      return Error(ErrorKind::invalid, "'[' without ']' in pattern " + text);
    Glob glob;
    glob.is_absolute_ = text.starts_with('/');
    glob.segments_ = split<std::string>(text);
    if (glob.segments_.empty()) return Error(ErrorKind::invalid, "an empty pattern matches nothing");
    globs.push_back(std::move(glob));
  }
  return globs;
}

bool Glob::matches(std::string_view path) const {
  const std::vector<std::string_view> parts = split<std::string_view>(path);
  return path.starts_with('/') == is_absolute_ && matches_path(segments_, parts);
}

void walk(FileSystem& files, const Glob& glob, std::string_view within, const GlobVisitor& visitor) {
  Walk(files, glob, within, visitor).visit(glob.is_absolute() ? "/" : "", 0, 0);
}

}  // namespace rankwire::file_log
