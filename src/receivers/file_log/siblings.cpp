#include "receivers/file_log/siblings.hpp"

#include <algorithm>
#include <unordered_set>

namespace rankwire::file_log {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_gz(std::string_view name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

// What rotation put into the name: ".1", ".20260101-120000", "-20260101".
std::string_view mark_of(std::string_view base, std::string_view name) {
  name = without_gz(name);
  if (name.starts_with(base)) return name.substr(base.size());
  const std::size_t dot = base.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? "" : base.substr(dot);
  const std::string_view stem = base.substr(0, dot);
  if (!name.starts_with(stem) || name.size() < stem.size() + extension.size()) return {};
  return name.substr(stem.size(), name.size() - stem.size() - extension.size());
}

enum class Order : std::uint8_t { by_number, by_date, by_time };

struct Mark {
  Order order = Order::by_time;
  std::uint64_t number = 0;
  std::string_view date;
};

Mark read_mark(std::string_view mark) {
  Mark result;
  std::size_t digits = 0;
  for (const char c : mark) digits += is_digit(c) ? 1 : 0;
  if (digits >= 8) {
    result.order = Order::by_date;
    result.date = mark;
  } else if (digits != 0 && mark.size() == digits + 1) {
    result.order = Order::by_number;
    for (const char c : mark.substr(1)) result.number = result.number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return result;
}

}  // namespace

bool is_sibling_name(std::string_view base, std::string_view name) {
  if (name.size() <= base.size() || name.ends_with(".tmp") || name.ends_with(".swp") || base.empty()) return false;
  const char separators[] = ".-_";
  if (name.starts_with(base)) return std::string_view(separators).find(name[base.size()]) != std::string_view::npos;
  const std::size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view stem = base.substr(0, dot);
  const std::string_view plain = without_gz(name);
  if (!plain.starts_with(stem) || !plain.ends_with(base.substr(dot)) || plain.size() <= base.size()) return false;
  // "app-2.log" and "app-server.log" are other programs' files; only a date makes one a generation.
  return std::string_view(separators).find(plain[stem.size()]) != std::string_view::npos &&
         read_mark(mark_of(base, name)).order == Order::by_date;
}

std::vector<std::string> possible_originals(const std::string& name) {
  std::vector<std::string> names;
  const std::size_t dot = name.rfind('.');
  for (std::size_t at = 1; at < name.size(); ++at) {
    if (name[at] != '.' && name[at] != '-' && name[at] != '_') continue;
    names.push_back(name.substr(0, at));
    if (dot != std::string::npos && at < dot) names.push_back(name.substr(0, at) + name.substr(dot));
  }
  std::erase_if(names, [&](const std::string& base) { return !is_sibling_name(base, name); });
  return names;
}

void sort_oldest_first(std::vector<Sibling>& siblings, std::string_view base) {
  std::vector<Order> orders;
  for (const Sibling& sibling : siblings) orders.push_back(read_mark(mark_of(base, sibling.name)).order);
  const bool is_uniform = std::adjacent_find(orders.begin(), orders.end(), std::not_equal_to<>()) == orders.end();
  const Order order = is_uniform && !orders.empty() ? orders.front() : Order::by_time;
  std::stable_sort(siblings.begin(), siblings.end(), [&](const Sibling& a, const Sibling& b) {
    const Mark left = read_mark(mark_of(base, a.name));
    const Mark right = read_mark(mark_of(base, b.name));
    if (order == Order::by_number && left.number != right.number) return left.number > right.number;
    if (order == Order::by_date && left.date != right.date) return left.date < right.date;
    return a.status.modified_nanos < b.status.modified_nanos;
  });
}

Siblings find_siblings(FileSystem& files, const std::string& directory, const std::string& base) {
  Siblings siblings;
  const auto entries = files.list(directory);
  if (!entries) {
    // Without descriptors or rights nothing is known about the directory: that nothing is in it least of all.
    siblings.is_torn = !is_missing(entries.error());
    return siblings;
  }
  std::unordered_set<std::string_view> names;
  for (const DirectoryEntry& entry : *entries) names.insert(entry.name);
  for (const DirectoryEntry& entry : *entries) {
    if (entry.type == FileType::directory || !is_sibling_name(base, entry.name)) continue;
    const bool is_gzip = entry.name.ends_with(".gz");
    if (is_gzip && names.contains(without_gz(entry.name))) continue;
    const std::string path = directory + "/" + entry.name;
    const auto status = files.status(path);
    if (!status)
      siblings.is_torn = true;
    else if (status->type == FileType::regular)
      siblings.found.push_back({entry.name, path, *status, is_gzip});
  }
  sort_oldest_first(siblings.found, base);
  return siblings;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace rankwire::file_log
