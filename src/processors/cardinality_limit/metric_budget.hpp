// The series and attribute values that one metric has at the moment, within its limits.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "processors/cardinality_limit/limit_config.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::cardinality_limit {

// Memory of all budgets together.
struct StateRoom {
  std::uint64_t bytes_max = 0;
  std::uint64_t bytes = 0;

  bool has(std::uint64_t more) const { return bytes + more <= bytes_max; }
};

// Identities in use, as many as `count_max`; one that is not seen for a while gives its place back.
class BoundedSet {
 public:
  BoundedSet(std::uint64_t count_max, Duration idle_max, const StateFigures& figures, StateRoom& room);
  ~BoundedSet() { room_.bytes -= used_.bytes().count; }

  enum class Place : std::uint8_t { taken, open, none };

  // Whether it is in use already, or could be. Counts as a use.
  Place place_of(const Identity& identity, Instant now);
  // Where a place is not `none`. False: there is no memory left.
  bool add(const Identity& identity, Instant now);
  void expire(Instant now);
  bool empty() const { return used_.size() == 0; }

 private:
  struct Nothing {};
  using Used = ExpiringMap<Nothing>;
  // What `change` does to the memory is done to that of the room.
  template <class Change>
  auto counted(Change change) {
    const std::uint64_t before = used_.bytes().count;
    const auto result = change();
    room_.bytes += used_.bytes().count - before;
    return result;
  }

  const std::uint64_t count_max_;
  StateRoom& room_;
  Used used_;
};

class MetricBudget {
 public:
  MetricBudget(std::string name, const Limits& limits, Duration idle_max, const StateFigures& figures, StateRoom& room);
  ~MetricBudget();
  MetricBudget(const MetricBudget&) = delete;
  MetricBudget& operator=(const MetricBudget&) = delete;

  // Null: the point keeps its series. Else the attribute that is to blame ("" if none is), which lives as long as this.
  const std::string* blame(const Identity& series, const Attributes& point, Instant now);
  void expire(Instant now);
  bool empty() const { return series_.empty(); }

  const std::string& name() const { return name_; }
  const Limits& limits() const { return limits_; }
  // Whether the log should name this metric again.
  bool is_news(Instant now);

 private:
  // One attribute: its values where they are limited, and roughly how many there were.
  struct Attribute {
    std::string key;
    std::unique_ptr<BoundedSet> values;  // Null: not limited.
    std::array<std::uint64_t, 16> seen{};

    int spread() const;
  };
  static constexpr std::size_t attributes_max = 64;

  Attribute* attribute(std::string_view key);
  void remember_spread(const Attributes& point);
  const std::string* widest() const;

  const std::string name_;
  const Limits& limits_;
  const Duration idle_max_;
  const StateFigures figures_;
  StateRoom& room_;
  BoundedSet series_;
  std::vector<std::unique_ptr<Attribute>> attributes_;
  std::uint64_t fixed_bytes_ = 0;
  Instant reported_at_{};
  bool is_reported_ = false;
};

}  // namespace rankwire::cardinality_limit
