#include "receivers/file_log/parse/header.hpp"

#include <algorithm>

#include "receivers/file_log/parse/line_parser.hpp"

namespace rankwire::file_log {

std::size_t HeaderReader::take(std::string_view data, bool is_end) {
  std::size_t taken = 0;
  while (!is_done_ && taken < data.size()) {
    const std::string_view rest = data.substr(taken);
    const std::size_t end = rest.find('\n');
    const bool is_cut = end == std::string_view::npos;
    // What is longer than any line may be is none of the header.
    if (is_cut && !is_end && rest.size() <= plan_->lines->line_size_max) return taken;
    std::string_view line = rest.substr(0, end);
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > plan_->lines->line_size_max || !plan_->pattern.matches(line)) {
      is_done_ = true;
      break;
    }
    read(line);
    taken += is_cut ? rest.size() : end + 1;
  }
  return taken;
}

void HeaderReader::take_again(std::string_view start, std::uint64_t size) {
  start = start.substr(0, size);
  if (take(start, false) < size) is_done_ = true;
}

void HeaderReader::read(std::string_view line) {
  LogBatch& batch = *batch_;
  const std::size_t groups_before = batch.resources.size();
  LineParser parser(plan_->lines, {});
  const std::string text = std::string(line) + "\n";
  const std::string_view kept = batch.arena().copy(text);
  parser.parse(kept, 0, true, batch);
  parser.flush(Instant::max(), {}, kept.size(), batch);
  for (std::size_t i = groups_before; i < batch.resources.size(); ++i)
    for (const LogScope& scope : batch.resources[i].scopes)
      for (const LogRecord& record : scope.records)
        for (const KeyValue& found : record.attributes) {
          const auto is_same = [&](const KeyValue& known) { return known.key == found.key; };
          std::erase_if(attributes_, is_same);
          attributes_.push_back(found);
        }
}

}  // namespace rankwire::file_log
