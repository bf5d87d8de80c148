// Container lines and whole files of them, cut into pieces at arbitrary places.
#include <algorithm>
#include <cstdlib>

#include "receivers/file_log/parse/parse_fixture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::file_log;
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  testing::ParseFixture lines;
  lines.use_container();
  lines.config.max_log_size = {std::uint64_t{64} + data[0]};
  std::size_t taken = 0;
  for (std::size_t end = 1 + data[0]; taken < text.size(); end += 1 + data[0]) {
    const bool is_end = end >= text.size();
    taken += lines.parse(text.substr(taken, std::min(end, text.size()) - taken), is_end);
    if (is_end && taken != text.size()) std::abort();
  }
  for (const rankwire::LogRecord* record : lines.records())
    if (!rankwire::text::is_valid_utf8(record->body.text())) std::abort();
  return 0;
}
