// A target and the rules of a scrape for tests: what its pages become, as lines.
#pragma once

#include "exposition/target.hpp"
#include "testing/metric_batches.hpp"

namespace rankwire::exposition {

using testing::Lines;

// Keeps what begins with none of `unwanted`, renames "old" to "new", and drops what has a label "drop".
class Rules : public SeriesRules {
 public:
  bool wants(std::string_view name) override {
    ++asked;
    return unwanted.empty() || !name.starts_with(unwanted);
  }
  bool relabel(Labels& labels, Arena& arena) override {
    ++relabelled;
    for (Label& label : labels)
      if (label.name == name_label && label.value == "old") label.value = arena.copy("new");
    return value_of(labels, "drop").empty();
  }
  std::string unwanted;
  int asked = 0, relabelled = 0;
};

struct Scraped {
  Target target;
  Rules rules;
  std::string error;
  std::vector<SignalBatch> batches;

  explicit Scraped(TargetOptions options = {}) : target(with_names(std::move(options))) {}
  static TargetOptions with_names(TargetOptions options) {
    if (options.job.empty()) options.job = "job";
    if (options.instance.empty()) options.instance = "host:9400";
    return options;
  }
  // The points of all batches that wait.
  Lines take() {
    batches.clear();
    Lines lines;
    while (std::optional<MetricBatch> batch = target.next_batch()) {
      batches.emplace_back(std::move(*batch));
      for (std::string& line : testing::point_lines(batches.back())) lines.push_back(std::move(line));
    }
    return lines;
  }
  // Those of one more page. Its bytes are gone by the time the batches are made.
  Lines page(std::string_view text, Format format = Format::text, std::int64_t time_ms = 1) {
    {
      const std::string bytes(text);
      Result<void> read = target.read(bytes, format, time_ms, rules);
      error = read ? "" : read.error().message();
    }
    return take();
  }
  const Metric& metric(std::uint32_t index = 0) {
    return batches.at(0).metrics().resources[0].scopes[0].records[index];
  }
};

}  // namespace rankwire::exposition
