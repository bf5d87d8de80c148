#include "processors/memory_limiter/total_memory.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace rankwire::memory_limiter {
namespace {

constexpr std::uint64_t file_size_max = 1u << 20;

std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end == text.data()) return {};
  return value;
}

// Of a file that holds one number, or "max".
void lower_to(std::uint64_t& least, FileSystem& files, const std::string& path) {
  const auto text = read_file(files, path, file_size_max);
  if (!text) return;
  if (const auto limit = leading_number(*text); limit && *limit != 0) least = std::min(least, *limit);
}

// The limit of `group` and of every group above it. Inside a container the group's own path is often
// not visible; then its mount point is the group.
void lower_to_group(std::uint64_t& least, FileSystem& files, const std::string& mount, std::string group,
                    const std::string& file) {
  while (true) {
    if (group == "/") group.clear();
    lower_to(least, files, mount + group + "/" + file);
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return;
    group.resize(slash);
  }
}

std::optional<std::uint64_t> machine_memory(FileSystem& files, const std::string& root) {
  const auto text = read_file(files, root + "/proc/meminfo", file_size_max);
  constexpr std::string_view key = "MemTotal:";
  if (!text) return {};
  const std::size_t at = text->find(key);
  if (at == std::string::npos) return {};
  const std::size_t digits = text->find_first_not_of(' ', at + key.size());
  if (digits == std::string::npos) return {};
  const auto kibibytes = leading_number(std::string_view(*text).substr(digits));
  if (!kibibytes) return {};
  return *kibibytes << 10;
}

}  // namespace

Result<Bytes> total_memory(FileSystem& files, const std::string& root) {
  constexpr std::uint64_t unknown = UINT64_MAX;
  std::uint64_t least = machine_memory(files, root).value_or(unknown);
  const auto groups = read_file(files, root + "/proc/self/cgroup", file_size_max);
  std::string_view rest = groups ? std::string_view(*groups) : std::string_view();
  while (!rest.empty()) {
    // "hierarchy:controllers:path"; version 2 has no controllers.
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string path(line.substr(second + 1));
    if (path.find("/..") != std::string::npos) continue;
    if (controllers == ",,") lower_to_group(least, files, root + "/sys/fs/cgroup", path, "memory.max");
    if (controllers.find(",memory,") != std::string::npos)
      lower_to_group(least, files, root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes");
  }
  lower_to(least, files, root + "/sys/fs/cgroup/memory.max");
  lower_to(least, files, root + "/sys/fs/cgroup/memory/memory.limit_in_bytes");
  if (least == unknown)
    return Error(ErrorKind::unavailable, "the amount of memory cannot be found out here: set limit_mib instead");
  return Bytes{least};
}

}  // namespace rankwire::memory_limiter
