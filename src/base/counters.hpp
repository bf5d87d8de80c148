// The agent's telemetry about itself: named series that any thread may change without a lock.
// Handles are looked up once (at create or start) and kept; a handle lives as long as `Counters`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rankwire {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t count) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Cumulative buckets; the bounds are set when the family is made.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  const std::vector<double>& bounds() const { return bounds_; }
  std::vector<std::uint64_t> buckets() const;  // Not cumulative; the last is above every bound.
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

class Counters {
 public:
  // Past this many series of one family, further label sets share one series labelled overflow="true".
  static constexpr std::size_t series_per_family_max = 2000;

  Counters();
  ~Counters();
  // The same name and labels give the same handle. `name` as exposed, for example
  // "otelcol_receiver_accepted_log_records" (counters get no suffix added here).
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds, Labels labels = {});
  // A gauge read when scraped. `read` may wait for a lock under which others make counters, but not for one under
  // which what is returned is destroyed: that removes it, and waits until nobody reads it.
  std::shared_ptr<void> observe(std::string_view name, std::string_view help, Labels labels,
                                std::function<double()> read);
  // As `observe`, exposed with type counter.
  std::shared_ptr<void> observe_counter(std::string_view name, std::string_view help, Labels labels,
                                        std::function<double()> read);
  // Prometheus text format 0.0.4, families and series sorted.
  std::string prometheus_text() const;
  // The sum over every series of a family whose labels contain all of `match`; 0 if there is none.
  std::uint64_t total(std::string_view name, const Labels& match = {}) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rankwire
