#include "receivers/host_metrics/process_stat.hpp"

#include "receivers/host_metrics/host_files.hpp"

namespace rankwire::host_metrics {

std::optional<ProcessStat> process_stat_of(std::string_view text) {
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  ProcessStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  if (const std::size_t end = rest.find('\n'); end != std::string_view::npos) rest = rest.substr(0, end);
  const std::string_view state = next_word(rest);
  if (state.size() != 1) return {};
  stat.state = state[0];
  // Numbered as in proc(5), from the fourth on.
  stat.parent = static_cast<std::int64_t>(next_number(rest));
  skip_words(rest, 5);
  stat.minor_faults = next_number(rest);
  skip_words(rest, 1);
  stat.major_faults = next_number(rest);
  skip_words(rest, 1);
  stat.user_ticks = next_number(rest);
  stat.system_ticks = next_number(rest);
  skip_words(rest, 4);
  stat.threads = next_number(rest);
  skip_words(rest, 1);
  stat.start_ticks = next_number(rest);
  stat.virtual_bytes = next_number(rest);
  stat.resident_pages = next_number(rest);
  skip_words(rest, 17);
  stat.wait_ticks = next_number(rest);
  return stat;
}

}  // namespace rankwire::host_metrics
