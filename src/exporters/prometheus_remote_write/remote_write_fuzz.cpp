// Arbitrary OTLP metrics become requests, whose every sample is one of a known series; arbitrary bytes are read as a
// journal. The first byte picks rules and version.
#include "base/require.hpp"
#include "exporters/prometheus_remote_write/send_plan.hpp"
#include "exporters/prometheus_remote_write/translate.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

void check(std::uint8_t choice, std::string_view bytes) {
  std::uint64_t whole = 0;
  static_cast<void>(read_sent_samples(bytes, whole));
  require(whole <= bytes.size(), "no more than there is");
  const auto shared = std::make_shared<const Buffer>(Buffer::copy_of(bytes));
  auto batch = otlp::decode(Signal::metrics, shared, {.repair_utf8 = true, .memory_max = 1_MiB});
  if (!batch) return;
  TranslationRules rules;
  rules.labels.names.translation = static_cast<series::Translation>(choice % 4);
  rules.labels.has_resource_labels = (choice & 4) != 0;
  rules.labels.external_labels = {{"cluster", "east"}};
  Counters counters;
  CumulativeState deltas(counters, "fuzz");
  LastSent last_sent({.bytes_max = 1_MiB}, StateFigures(counters, {}));
  for (int i = 0; i < 2; ++i) {  // The second time, totals are there already.
    SeriesSet set;
    translate(batch->metrics(), rules, deltas, Instant(), set);
    require(set.lost.size() == batch->record_count(), "every point is accounted for");
    for (const Series& series : set.series) {
      require(!series.labels.empty() && !series.samples.empty(), "a series has a name and samples");
      for (std::uint32_t at = 1; at < series.labels.size(); ++at)
        require(series.labels[at - 1].name < series.labels[at].name, "labels are sorted, each once");
    }
    SentJournal journal;
    const PlanOptions options{.protocol = (choice & 8) != 0 ? Protocol::v2 : Protocol::v1,
                              .request_bytes_max = 1000,
                              .has_metadata = (choice & 16) != 0};
    const auto plan = make_plan(set, options, last_sent, journal, Instant());
    require(plan.has_value(), "series can be written");
  }
}

}  // namespace
}  // namespace rankwire::prometheus_remote_write

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  rankwire::prometheus_remote_write::check(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
