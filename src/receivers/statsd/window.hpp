// What the lines of one interval add up to. Series live until the interval ends; then the window gives its metrics and
// a new one begins. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/random.hpp"
#include "receivers/statsd/statsd_config.hpp"
#include "signal/batch.hpp"
#include "signal/identity.hpp"
#include "text/pattern.hpp"

namespace rankwire::statsd {

// Where lines come from. Metrics of different senders go in batches of their own.
struct Sender {
  std::string key;        // Tells it from others.
  std::string address;    // Of the client: "10.1.2.3"; empty: a Unix socket.
  std::string container;  // Of the process behind a Unix socket, if known.
  std::int64_t process = 0;
};

// What observed values become, worked out once.
struct Observation {
  Observer observer = Observer::disabled;
  HistogramShape exponential{.bounds = {}, .exponential_max = 160, .has_extremes = true};
  struct Fixed {
    text::Pattern names;
    HistogramShape shape;
  };
  std::vector<Fixed> fixed;
  std::vector<double> quantiles;

  const HistogramShape& shape_of(const std::string& name) const;
};

class Rules {
 public:
  // `config` is valid; outlives this.
  explicit Rules(const StatsdConfig& config);
  const Observation& of(MetricKind kind) const;

  const StatsdConfig& config;

 private:
  static Observation observation(const MappingConfig* mapping);
  const Observation timing_, histogram_, distribution_, none_;
};

enum class Added : std::uint8_t {
  taken,
  unwanted,  // Of a type that is not observed.
  full,      // A new series, and the memory is used up.
  invalid,   // One of the values, or a tag.
};

class Window {
 public:
  Window(const Rules& rules, std::uint64_t begin_unix_nanos) : rules_(rules), begin_(begin_unix_nanos) {}

  // The values of one line. Of an invalid line nothing is taken; `problem` says why.
  Added add(const Sender& sender, const MetricLine& line, std::uint64_t now_unix_nanos, LineProblem& problem);

  bool empty() const { return series_.empty(); }
  Bytes bytes() const;
  // One batch for each sender. Call it once.
  std::vector<SignalBatch> finish(std::uint64_t now_unix_nanos, Random& random);

 private:
  struct Sample {
    double value = 0, weight = 1;
    std::uint64_t time = 0;
  };
  struct SenderState {
    Sender sender;
    std::uint32_t number = 0;
  };
  struct Series {
    SenderState* sender = nullptr;
    std::string name;
    MetricKind kind = MetricKind::counter;
    std::vector<std::pair<std::string, std::string>> tags;  // By key.
    std::string container, external_data;
    std::uint64_t unix_seconds = 0;  // As the line said; 0: it did not.
    double value = 0;
    std::uint64_t time = 0;  // Of the last value of a gauge.
    std::vector<Sample> samples;
    std::unordered_set<std::uint64_t> members;  // Of sets: what they hold, by hash.
    RunningHistogram histogram;
    const HistogramShape* shape = nullptr;
  };

  SenderState& state_of(const Sender& sender);
  Series* find(const Sender& sender, const MetricLine& line, LineProblem& problem);
  Series* make(const Sender& sender, const MetricLine& line, const Identity& identity,
               std::vector<std::pair<std::string, std::string>> tags);
  bool read_tags(const MetricLine& line, std::vector<std::pair<std::string, std::string>>& to,
                 LineProblem& problem) const;
  void observe(Series& series, const PackedValue& value, double rate, std::uint64_t now);
  bool has_room(std::size_t more) const { return bytes_ + more <= rules_.config.max_state_size.count; }

  void write(const std::vector<const Series*>& of_sender, MetricBatch& batch, std::uint64_t now, Random& random) const;
  void write_points(const Series& series, Metric& metric, Arena& arena, std::uint64_t now, Random& random) const;
  void write_summary(const Series& series, Metric& metric, Arena& arena, std::uint64_t now) const;
  Attributes attributes_of(const Series& series, Arena& arena) const;
  Number counted(double value, Random& random) const;

  const Rules& rules_;
  const std::uint64_t begin_;
  std::unordered_map<std::string, SenderState> senders_;
  std::deque<Series> series_;  // In order of arrival; they stay where they are.
  // By the text of a line, so that tags are taken apart once, and by what that says, whatever the order of the tags.
  std::unordered_map<Identity, Series*> by_text_, by_identity_;
  std::size_t bytes_ = 0;
};

}  // namespace rankwire::statsd
