// Files cut into entries in every way: by line ends in several encodings, by multi-line patterns, by
// recombining. In whatever pieces a file arrives, its records are the same. The first byte picks the way,
// the second how long the pieces are.
#include <cstdint>

#include "base/require.hpp"
#include "receivers/file_log/parse/parse_fixture.hpp"

namespace rankwire::file_log {

namespace {

struct Way {
  const char* encoding = "utf-8";
  const char* start_pattern = "";
  const char* end_pattern = "";
  const char* operators = "";
  bool omits = false;
  bool truncates = false;
  std::uint64_t size_max = 1 << 20;
};

constexpr Way ways[] = {
    {},
    {.size_max = 16},
    {.truncates = true, .size_max = 16},
    {.encoding = "utf-16le"},
    {.encoding = "utf-16be", .size_max = 20},
    {.encoding = "latin1"},
    {.encoding = "utf-8-raw", .size_max = 9},
    {.start_pattern = "^\\d{2}-"},
    {.start_pattern = "^\\[", .omits = true},
    {.start_pattern = "INFO|WARN"},
    {.end_pattern = ";\\n"},
    {.end_pattern = "END", .omits = true},
    {.end_pattern = "\\.$\\n"},
    {.encoding = "latin1", .start_pattern = "^\xA7"},
    {.operators = "[{type: recombine, combine_field: body, is_first_entry: 'body matches \"^[a-z]\"'}]"},
    {.operators = "[{type: recombine, combine_field: body, is_last_entry: 'body endsWith \".\"', combine_with: ''}]"},
    {.operators =
         "[{type: recombine, combine_field: body, is_first_entry: 'body startsWith \"[\"', max_log_size: 40}]"},
    {.operators =
         "[{type: container}, {type: recombine, combine_field: body, is_first_entry: 'body matches \"^[^ ]\"'}]"},
};

std::vector<std::string> records(const Way& way, std::string_view text, std::size_t step) {
  testing::ParseFixture lines;
  lines.config.encoding = way.encoding;
  if (*way.start_pattern != '\0' || *way.end_pattern != '\0')
    lines.config.multiline = MultilineConfig{way.start_pattern, way.end_pattern, way.omits};
  if (*way.operators != '\0') lines.use_operators(way.operators);
  if (way.truncates) lines.config.max_log_size_behavior = LongLine::truncate;
  lines.config.max_log_size = {way.size_max};
  require(lines.is_valid(), "the way is one that can be configured");
  std::size_t taken = 0;
  for (std::size_t end = std::min(step, text.size());; end = std::min(end + step, text.size())) {
    const bool is_end = end == text.size();
    taken += lines.parse(text.substr(taken, end - taken), is_end);
    require(taken <= end, "takes no more than there is");
    if (is_end) break;
  }
  require(taken == text.size(), "the end of a file leaves nothing");
  // Once for each operator that may hold something back.
  for (int i = 0; i < 2; ++i) {
    lines.clock.advance(std::chrono::hours(1));
    lines.flush("");
  }
  require(!lines.parser().held_from().has_value(), "nothing is held after a flush");
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < lines.records().size(); ++i) shown.push_back(lines.show(i));
  return shown;
}

}  // namespace

}  // namespace rankwire::file_log

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::file_log;
  if (size < 3 || size > 4096) return 0;
  const Way& way = ways[data[0] % std::size(ways)];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = records(way, text, text.size());
  const auto pieces = records(way, text, 1 + data[1]);
  rankwire::require(whole == pieces, "pieces make the same records");
  return 0;
}
