// One scraped target: the bytes of each of its pages become metric batches, with the meaning that the OpenTelemetry
// Collector's prometheus receiver gives them. What it learns of a series (labels after relabelling, family, place in a
// histogram) it keeps under a hash of the line's bytes up to the value, so that the next page costs no label parsing.
//
//   Target target(std::move(options));               // Lives as long as the target is scraped; not thread-safe.
//   each scrape, at `time` (milliseconds since 1970):
//     Result<void> read = target.read(page, *format_of(content_type), time, rules);   // Or, without a page:
//     target.lost(time);                              // Failed before there was a page: its series become stale.
//     target.report("up", read ? 1 : 0, time);        // And the other scrape series, from counts() among others.
//     while (std::optional<MetricBatch> batch = target.next_batch()) deliver(std::move(*batch));
//   when the target goes away:
//     target.end(time);                               // Stale markers for its series and the reports.
//     while (...next_batch()...) ...
//
// A page is taken whole or not at all: after an error of read() (its text has line and column) no sample of the page is
// in the batches, only stale markers for what the scrape before it had. `page` need not live longer than the call;
// batches need neither the page nor the target. All batches must be taken, or dropped, before the next read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "exposition/labels.hpp"
#include "signal/batch.hpp"

namespace rankwire::exposition {

enum class Format : std::uint8_t { text, open_metrics, protobuf };
// By the Content-Type of a response; nothing: none of ours, and the configured fallback applies.
std::optional<Format> format_of(std::string_view content_type);

// What the scrape's configuration makes of series. The answers must depend on nothing but the arguments: they are
// remembered as long as the target lives, so that a change of configuration makes a new one.
class SeriesRules {
 public:
  virtual ~SeriesRules() = default;
  // Whether any series of this name (before relabelling) can be kept. Asked a few times for each name, and for the
  // names that parts of a family may have, not in each page. What is not wanted is stepped over unparsed: its labels
  // are not checked either.
  virtual bool wants(std::string_view metric_name) = 0;
  // Once for each series that was not in the last page: joins the labels of the target (and external labels), settles
  // conflicts (honor_labels), and applies metric_relabel_configs. What is not a view of lasting memory goes into
  // `arena`. The order does not matter, nor do empty values. False: the series is dropped.
  virtual bool relabel(Labels& labels, Arena& arena) = 0;
};

// 0: no limit, as in the configuration of Prometheus.
struct TargetLimits {
  std::uint64_t samples_max = 0;            // sample_limit: after relabelling; more fails the scrape.
  std::uint32_t labels_max = 0;             // label_limit: with the name and the target's.
  std::uint32_t label_name_bytes_max = 0;   // label_name_length_limit
  std::uint32_t label_value_bytes_max = 0;  // label_value_length_limit
  std::uint32_t histogram_buckets_max = 0;  // native_histogram_bucket_limit: coarser until it fits.
  std::uint32_t line_bytes_max = 1 << 20;   // Ours.
  std::uint32_t batch_points_max = 8192;    // Ours: points after which a batch ends.
};

struct TargetOptions {
  // The labels `job` and `instance` of the target: the resource of series that bring none of their own.
  std::string job, instance;
  // Its further labels, and external ones: of the scrape's own series.
  std::vector<std::pair<std::string, std::string>> labels;
  // Labels that discovery gave (__scheme__, __meta_kubernetes_...): attributes of the resource come from them.
  std::vector<std::pair<std::string, std::string>> discovered;
  std::string scope_version;
  bool honors_timestamps = true;
  bool tracks_timestamps_staleness = false;
  bool trims_metric_suffixes = false;
  bool scrapes_native_histograms = false;          // scrape_native_histograms: else they are read as classic ones.
  bool always_scrapes_classic_histograms = false;  // Beside the native one.
  TargetLimits limits;
  std::uint64_t seed = 0;  // Of the hashes: random, so that no page can be made slow on purpose.
};

struct PageCounts {
  std::uint64_t scraped = 0;     // scrape_samples_scraped: every sample of the page, wanted or not.
  std::uint64_t kept = 0;        // scrape_samples_post_metric_relabeling
  std::uint64_t added = 0;       // scrape_series_added
  std::uint64_t unwanted = 0;    // Of `scraped`: stepped over by name.
  std::uint64_t duplicates = 0;  // The same series twice without timestamps: the first is kept.
  std::uint64_t misfits = 0;     // No `le` or `quantile` that is a number, or times that differ within a histogram.
  std::uint64_t stale = 0;       // Series of the page before that are gone.
};

class Target {
 public:
  class State;
  explicit Target(TargetOptions options);
  Target(Target&&) noexcept;
  Target& operator=(Target&&) noexcept;
  ~Target();

  // Invalid: what is wrong with the page, with its place. Too_large: a limit, by its name in the configuration.
  Result<void> read(std::string_view page, Format format, std::int64_t time_ms, SeriesRules& rules);
  void lost(std::int64_t time_ms);
  void report(std::string_view name, double value, std::int64_t time_ms);
  void end(std::int64_t time_ms);

  // At most about `batch_points_max` points; nothing: all have been taken.
  std::optional<MetricBatch> next_batch();

  // Of the last page; `misfits` also counts what only its batches showed.
  const PageCounts& counts() const;
  // Series that the last page had and that were kept.
  std::uint64_t series_count() const;
  // What is kept between scrapes.
  Bytes memory_bytes() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace rankwire::exposition
