// What is known of one cumulative series without a start time: when it began for us, its last point, and, where it is
// subtracted from later ones, its first.
#pragma once

#include <memory>

#include "signal/owned_distribution.hpp"

namespace rankwire::metric_start_time {

// The start of a series that is found to have begun again: it must lie before its first point.
inline constexpr std::uint64_t restart_lead_nanos = 1'000'000;

class StartState {
 public:
  // Remembers the first point; `start` is the start time of the series.
  template <class Point>
  void begin(const Point& point, std::uint64_t start, bool is_subtracted) {
    start_ = start;
    previous_.assign(point);
    if (!is_subtracted) return;
    reference_ = std::make_unique<Snapshot>();
    reference_->assign(point);
  }
  // Gives the point its start time, and if the first point is subtracted, its new value. True: the series had begun
  // again. `falls`: a lower value is no new beginning (sums that go up and down).
  template <class Point>
  bool advance(Point& point, bool falls, Arena& arena) {
    const Growth growth = previous_.growth_to(point);
    const bool has_restarted = growth != Growth::grown && !falls;
    const std::uint64_t time = point.time_unix_nanos;
    if (has_restarted) {
      start_ = time > restart_lead_nanos ? time - restart_lead_nanos : time;
      reference_.reset();
    }
    previous_.assign(point);
    if (reference_) reference_->subtract_from(point, arena);
    stamp(point);
    return has_restarted;
  }
  // For a point that has no value.
  template <class Point>
  void stamp(Point& point) const {
    point.start_time_unix_nanos = start_ < point.time_unix_nanos ? start_ : point.time_unix_nanos;
  }
  // Memory beside the object itself.
  Bytes extra_bytes() const {
    const Bytes more = reference_ ? Bytes{sizeof(Snapshot)} + reference_->extra_bytes() : Bytes{};
    return previous_.extra_bytes() + more;
  }

 private:
  // A point of any kind.
  class Snapshot {
   public:
    void assign(const NumberPoint& point) { number_ = point.value; }
    void assign(const SummaryPoint& point);
    template <class Distribution>
    void assign(const Distribution& point) {
      if (!distribution_) distribution_ = std::make_unique<OwnedDistribution>();
      distribution_->assign(point);
    }
    Growth growth_to(const NumberPoint& point) const;
    Growth growth_to(const SummaryPoint& point) const;
    template <class Distribution>
    Growth growth_to(const Distribution& point) const {
      const Growth growth = distribution_->growth_to(point);
      const bool is_lower =
          has_usable_sum(point.sum) && distribution_->has_sum() && point.sum.value < distribution_->sum();
      return growth == Growth::grown && is_lower ? Growth::fallen : growth;
    }
    void subtract_from(NumberPoint& point, Arena&) const;
    void subtract_from(SummaryPoint& point, Arena&) const;
    void subtract_from(HistogramPoint& point, Arena& arena) const;
    void subtract_from(ExponentialHistogramPoint& point, Arena& arena) const;
    Bytes extra_bytes() const {
      return distribution_ ? Bytes{sizeof(OwnedDistribution)} + distribution_->extra_bytes() : Bytes{};
    }

   private:
    Number number_;  // Of summaries: the count.
    double sum_ = 0;
    std::unique_ptr<OwnedDistribution> distribution_;
  };

  std::uint64_t start_ = 0;
  Snapshot previous_;
  std::unique_ptr<Snapshot> reference_;
};

}  // namespace rankwire::metric_start_time
