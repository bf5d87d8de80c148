// The last value of every series, until it expires: what a scrape is shown. Bounded in bytes. Not thread-safe.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "component/component.hpp"
#include "series/cumulative_state.hpp"
#include "series/labels.hpp"
#include "signal/batch.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::prometheus_page {

// Which name is whose: two families may not have samples of one name.
class NameClaims;

// Lives as long as one of its series.
struct ShownFamily {
  std::string name, help, unit;
  series::FamilyType type = series::FamilyType::unknown;
  std::vector<std::string> sample_names;
  NameClaims* claims = nullptr;

  ShownFamily() = default;
  ShownFamily(const ShownFamily&) = delete;
  ~ShownFamily();
};

class NameClaims {
 public:
  // Null: a name of its samples belongs to another family.
  std::shared_ptr<ShownFamily> family(std::string_view name, const Metric& metric, series::FamilyType type);
  bool has(const std::string& name) const { return owners_.contains(name); }

 private:
  friend struct ShownFamily;
  std::unordered_map<std::string, std::weak_ptr<ShownFamily>> owners_;
};

// Labels as one text: name 0xff value 0xfe, which no UTF-8 has.
inline constexpr char after_name = '\xff', after_value = '\xfe';

struct ShownExemplar {
  std::string labels;
  double value = 0;
  std::int64_t time_millis = 0;
};

struct ShownBuckets {
  std::vector<series::BucketSpan> spans;
  std::vector<std::int64_t> deltas;
};

struct ShownNative {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  ShownBuckets negative, positive;
};

struct ShownDistribution {
  std::uint64_t count = 0;
  OptionalReal sum;
  std::vector<double> bounds;         // Or quantiles.
  std::vector<std::uint64_t> counts;  // Of buckets, up to each bound.
  std::vector<double> values;         // Of quantiles.
  std::unique_ptr<ShownNative> native;
};

struct ShownSeries {
  std::shared_ptr<ShownFamily> family;
  std::string labels;
  std::uint64_t time_nanos = 0, start_nanos = 0;
  double value = 0;
  std::unique_ptr<ShownDistribution> distribution;  // Null: `value` is all.
  std::vector<ShownExemplar> exemplars;

  Bytes held_memory() const;
};

struct StoreOptions {
  series::LabelRules labels;
  Bytes bytes_max = 128_MiB;
  Duration expiration = std::chrono::minutes(5);
};

struct FamilyRows {
  const ShownFamily* family = nullptr;
  std::vector<const ShownSeries*> series;  // By labels.
};

class SeriesStore {
 public:
  SeriesStore(StoreOptions options, Counters& counters, const std::string& id);

  // Points that cannot be shown are rejected, each with the rest of it.
  Receipt take(const MetricBatch& batch, Instant now);
  // By name; valid until the next call of anything.
  std::vector<FamilyRows> rows(Instant now);
  const NameClaims& claims() const { return claims_; }

 private:
  friend class Taker;
  using Map = ExpiringMap<ShownSeries>;

  const StoreOptions options_;
  NameClaims claims_;  // Outlives the families.
  series::CumulativeState deltas_;
  Map map_;
};

}  // namespace rankwire::prometheus_page
