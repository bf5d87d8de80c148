// Any bytes as a packet of lines: read, added up, and given as metrics and log records.
#include "receivers/statsd/events.hpp"

using namespace rankwire;
using namespace rankwire::statsd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto random = make_random(1);
  static const StatsdConfig config = [] {
    StatsdConfig made;
    made.enable_simple_tags = true;
    made.max_state_size = Bytes{256 << 10};
    made.timer_histogram_mapping = {{"timer", Observer::histogram, {4, {}}, {}},
                                    {"histogram", Observer::histogram, {0, {{"^a", {"1", "10"}}}}, {}},
                                    {"distribution", Observer::summary, {}, {}}};
    return made;
  }();
  static const Rules rules(config);
  std::string_view packet(reinterpret_cast<const char*>(data), size);
  Window window(rules, 1);
  LogBatch events;
  while (!packet.empty()) {
    const std::size_t end = packet.find('\n');
    const std::string_view line = packet.substr(0, end);
    packet.remove_prefix(end == std::string_view::npos ? packet.size() : end + 1);
    MetricLine metric;
    LineProblem problem;
    if (kind_of(line) != LineKind::metric)
      (void)append_event(line, {}, 1, events);
    else if (read_metric(line, metric) == LineProblem::none)
      (void)window.add({}, metric, 2, problem);
  }
  if (window.bytes() > config.max_state_size) __builtin_trap();
  for (const SignalBatch& batch : window.finish(3, *random))
    if (batch.record_count() == 0) __builtin_trap();
  return 0;
}
