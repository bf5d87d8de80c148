// What stands behind a Target. A page is first read whole into samples; then they become batches, piece by piece, so
// that neither a half-read page nor a second copy of a large one is ever sent or held.
#pragma once

#include "exposition/number.hpp"
#include "exposition/series_table.hpp"
#include "exposition/target.hpp"

namespace rankwire::exposition {

struct Sample {
  std::uint32_t line = 0;
  std::uint32_t extra = none;  // Of `native`: the histogram; of others the first exemplar.
  double value = 0;            // May be the stale NaN.
  std::int64_t time_ms = 0;
};

// Views into the page's arena.
struct PageExemplar {
  Labels labels;
  double value = 0;
  std::int64_t time_ms = 0;
  std::uint32_t next = none;
};

struct NativeHistogram {
  ExponentialHistogramPoint point;  // Its lists lie in the page's arena; it has neither times nor attributes.
  std::uint32_t exemplar = none;
};

// A point of several samples while it is put together.
struct OpenPoint {
  std::int64_t time_ms = 0;
  double value = 0, count = 0, sum = 0;
  bool has_value = false, has_count = false, has_sum = false, is_stale = false;
  std::uint32_t native = none;
  struct Bucket {
    double bound, value;
  };
  std::vector<Bucket> buckets;
  std::vector<std::uint32_t> exemplars;  // The first of each sample.
};

// What the name of a series in the page says.
struct NameFacts {
  bool is_wanted = true;
  std::uint32_t family = none;
  std::uint32_t version = 0;      // Of the metadata that `family` comes from.
  std::uint8_t family_asked = 0;  // 1: no series of the family so called can be kept; 2: some can.
};

class PageText;
class PageProtobuf;

class Target::State {
 public:
  explicit State(TargetOptions options);

  Result<void> read(std::string_view page, Format format, std::int64_t time_ms, SeriesRules& rules);
  void lost(std::int64_t time_ms, bool with_reports);
  void report(std::string_view name, double value, std::int64_t time_ms);
  std::optional<MetricBatch> next_batch();
  std::size_t bytes() const;

  PageCounts counts;
  std::uint64_t series_count = 0;

 private:
  // Reading.
  void begin(std::int64_t time_ms);
  void drop_samples();
  void finish();
  void make_all_stale(bool with_reports);
  void add_stale(std::uint32_t line);
  Result<void> read_text(std::string_view page, bool is_open_metrics);
  Result<void> read_series(class TextParser& parser);
  Result<void> read_protobuf(std::string_view page);
  const NameFacts& facts_of(std::string_view name, bool is_native);
  // Whether what is said of a family is of use.
  bool is_family_wanted(std::string_view family);
  bool still_holds(const Line& line, const NameFacts& facts) const;
  std::uint32_t exemplar_of(class TextParser& parser, std::int64_t sample_time_ms);
  // The line of a sample, or none: it must be learned, or learned anew.
  std::uint32_t known_line(std::uint64_t hash, std::uint32_t check, const NameFacts& facts);
  // `labels` is the page's. Gives the line, or none: a misfit.
  Result<std::uint32_t> learn(std::uint64_t hash, std::uint32_t check, Labels& labels, bool is_native);
  Result<void> check(const Labels& labels) const;
  // False: a misfit.
  bool classify(const Labels& labels, bool is_native, Line& line);
  bool classify_info(const Labels& labels, std::string_view name, std::uint32_t resource, Line& line);
  std::uint32_t scope_of(const Labels& labels);
  std::uint32_t set_of(const Labels& labels, MetricType type);
  void take(std::uint32_t line, double value, bool has_time, std::int64_t time_ms, std::uint32_t extra);
  void take_info(const Line& line);
  friend class PageProtobuf;

  // Writing.
  void write(const Sample& sample);
  void add_to(OpenPoint& open, const Sample& sample, const Line& line);
  void write_number(const Group& group, double value, std::int64_t time_ms);
  void write_point(const Group& group, OpenPoint& open);
  void write_histogram(const Group& group, OpenPoint& open, Metric& to);
  void write_native(const Group& group, const OpenPoint& open, Metric& to);
  void write_summary(const Group& group, OpenPoint& open, Metric& to);
  template <class Point>
  void write_common(const Group& group, std::int64_t time_ms, bool has_start, Point& point);
  void write_exemplars(const OpenPoint& open, List<Exemplar>& to);
  void write_exemplar(const PageExemplar& exemplar, List<Exemplar>& to);
  Attributes attributes_of(std::uint32_t set);
  Metric& record_of(std::uint32_t metric);
  void describe(const MetricFamily& family, Metric& record);
  void write_resource(const ScrapedResource& resource, Resource& to);
  MetricScope& scope_record(Stream& stream);

  const TargetOptions options_;
  std::unique_ptr<SeriesTable> table_;
  Metadata metadata_;
  std::unordered_map<std::uint64_t, NameFacts> names_;
  std::uint32_t scrape_ = 1;
  std::uint32_t last_good_ = 0;  // The last scrape that was taken.
  std::uint64_t dead_lines_ = 0, kept_lines_ = 0;

  // Of the page being read.
  SeriesRules* rules_ = nullptr;
  std::int64_t page_time_ms_ = 0;
  bool is_over_samples_ = false;
  Arena page_arena_;
  Labels labels_;
  std::vector<std::uint32_t> pair_ids_;
  std::string_view run_name_;
  NameFacts run_facts_;
  std::vector<Sample> samples_;
  std::vector<PageExemplar> exemplars_;
  std::vector<NativeHistogram> natives_;

  // Of the batch being written.
  std::size_t next_sample_ = 0;
  std::optional<MetricBatch> batch_;
  std::uint64_t batch_number_ = 0, points_ = 0;
  std::vector<OpenPoint> open_;
  std::vector<std::uint32_t> free_open_;
};

}  // namespace rankwire::exposition
