#include "extensions/pprof/thread_times.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::pprof {

namespace {
constexpr std::size_t threads_max = 10'000;
constexpr std::uint64_t stat_bytes_max = 4096;
// Fields behind the name, which may have blanks and brackets of its own.
constexpr int user_field = 11, system_field = 12;
}  // namespace

std::optional<ThreadTime> read_stat(std::string_view line) {
  const std::size_t begin = line.find('('), end = line.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  ThreadTime time{.name = std::string(line.substr(begin + 1, end - begin - 1))};
  std::string_view rest = line.substr(end + 1);
  for (int field = 0; field <= system_field; ++field) {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    if (field < user_field) continue;
    std::uint64_t& ticks = field == user_field ? time.user_ticks : time.system_ticks;
    const auto [stopped, problem] = std::from_chars(word.data(), word.data() + word.size(), ticks);
    if (problem != std::errc() || stopped != word.data() + word.size()) return {};
  }
  return time;
}

Result<std::vector<ThreadTime>> thread_times(FileSystem& files) {
  auto tasks = files.list("/proc/self/task");
  if (!tasks) return std::move(tasks).error();
  std::vector<ThreadTime> all;
  for (std::size_t i = 0; i < std::min(tasks->size(), threads_max); ++i) {
    const auto text = read_file(files, "/proc/self/task/" + (*tasks)[i].name + "/stat", stat_bytes_max);
    if (!text) continue;  // It has ended meanwhile.
    const auto time = read_stat(*text);
    if (!time) continue;
    const auto same = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == time->name; });
    if (same == all.end()) {
      all.push_back(*time);
      continue;
    }
    same->user_ticks += time->user_ticks;
    same->system_ticks += time->system_ticks;
    ++same->threads;
  }
  std::sort(all.begin(), all.end(), [](const ThreadTime& a, const ThreadTime& b) {
    const std::uint64_t left = a.user_ticks + a.system_ticks, right = b.user_ticks + b.system_ticks;
    return left != right ? left > right : a.name < b.name;
  });
  return all;
}

}  // namespace rankwire::pprof
