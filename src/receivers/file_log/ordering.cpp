#include "receivers/file_log/ordering.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>

#include "receivers/file_log/file_log_config.hpp"
#include "receivers/file_log/siblings.hpp"
#include "text/time_layout.hpp"

namespace rankwire::file_log {
namespace {

struct Candidate {
  std::string path;
  std::map<std::string, std::string> groups;
  std::uint64_t modified_nanos = 0;
};

std::map<std::string, std::string> groups_of(const RE2& regex, const std::string& name) {
  std::map<std::string, std::string> groups;
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  if (!regex.Match(name, 0, name.size(), RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) return groups;
  for (const auto& [index, group] : regex.CapturingGroupNames())
    groups[group] = found[static_cast<std::size_t>(index)].as_string();
  return groups;
}

std::uint64_t nanos_of(const std::string& text, const SortConfig& sort) {
  const auto layout = text::TimeLayout::make("strptime", sort.layout, sort.location.empty() ? "UTC" : sort.location);
  std::uint64_t nanos = 0;
  return layout && layout->read(text, 0, nanos) ? nanos : 0;
}

// Negative: `a` first in ascending order.
int compare(const SortConfig& sort, const Candidate& a, const Candidate& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (sort.sort_type == SortConfig::Type::mtime) return order(a.modified_nanos, b.modified_nanos);
  const auto value = [&](const Candidate& c) {
    const auto at = c.groups.find(sort.regex_key);
    return at == c.groups.end() ? std::string() : at->second;
  };
  const std::string left = value(a), right = value(b);
  if (sort.sort_type == SortConfig::Type::timestamp) return order(nanos_of(left, sort), nanos_of(right, sort));
  if (sort.sort_type == SortConfig::Type::numeric)
    return order(std::strtod(left.c_str(), nullptr), std::strtod(right.c_str(), nullptr));
  return order(left, right);
}

std::shared_ptr<const RE2> compile(const std::string& pattern) {
  return std::make_shared<const RE2>(pattern, RE2::Quiet);
}

}  // namespace

bool is_regex(const std::string& regex) { return RE2(regex, RE2::Quiet).ok(); }

bool has_group(const std::string& regex, const std::string& group) {
  const RE2 compiled(regex, RE2::Quiet);
  return compiled.ok() && compiled.NamedCapturingGroups().contains(group);
}

std::function<void(std::vector<std::string>&)> make_ordering(const OrderingConfig& config, FileSystem& files) {
  const auto regex = compile(config.regex);
  const auto group_regex = config.group_by.empty() ? nullptr : compile(config.group_by);
  return [config, regex, group_regex, &files](std::vector<std::string>& paths) {
    std::map<std::string, std::vector<Candidate>> groups;
    for (const std::string& path : paths) {
      Candidate candidate{path, {}, 0};
      if (!config.regex.empty()) {
        candidate.groups = groups_of(*regex, name_of(path));
        if (candidate.groups.empty()) continue;
      }
      if (const auto status = files.status(path)) candidate.modified_nanos = status->modified_nanos;
      std::string group;
      if (group_regex)
        for (const auto& [name, value] : groups_of(*group_regex, path)) group += value + '\0';
      groups[group].push_back(std::move(candidate));
    }
    paths.clear();
    for (auto& [name, candidates] : groups) {
      std::stable_sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
        for (const SortConfig& sort : config.sort_by)
          if (const int order = compare(sort, a, b); order != 0) return sort.ascending ? order < 0 : order > 0;
        return false;
      });
      if (!config.sort_by.empty() && candidates.size() > config.top_n) candidates.resize(config.top_n);
      for (Candidate& candidate : candidates) paths.push_back(std::move(candidate.path));
    }
    std::sort(paths.begin(), paths.end());
  };
}

}  // namespace rankwire::file_log
