#include "receivers/statsd/origin.hpp"

#include <algorithm>

namespace rankwire::statsd {
namespace {

constexpr std::size_t id_size = 64;
constexpr std::uint64_t file_size_max = 64 << 10;

constexpr auto remembered_for = std::chrono::seconds(10);
constexpr std::size_t remembered_max = 4096;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

// "…/cri-containerd-<64 hex digits>.scope", "…/<64 hex digits>"
std::string container_in_cgroups(std::string_view file) {
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t begin = static_cast<std::size_t>(
        std::find_if(file.begin() + static_cast<std::ptrdiff_t>(at), file.end(), is_hex) - file.begin());
    std::size_t end = begin;
    while (end < file.size() && is_hex(file[end])) ++end;
    if (end - begin == id_size) return std::string(file.substr(begin, id_size));
    at = end + 1;
  }
  return {};
}

std::string container_of(FileSystem& files, std::int64_t process) {
  if (process <= 0) return {};
  const auto text = read_file(files, "/proc/" + std::to_string(process) + "/cgroup", file_size_max);
  return text ? container_in_cgroups(*text) : std::string();
}

const std::string& Origins::container_of(std::int64_t process) {
  const Instant now = clock_.now();
  if (now >= known_until_ || known_.size() >= remembered_max) {
    known_.clear();
    known_until_ = now + remembered_for;
  }
  const auto [at, is_new] = known_.try_emplace(process);
  if (is_new) at->second = statsd::container_of(files_, process);
  return at->second;
}

}  // namespace rankwire::statsd
