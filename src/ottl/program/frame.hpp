// What a statement may look at and change: one record of a batch and what is around it. Made anew for each
// record; every pointer that the context does not have is null.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "signal/batch.hpp"

namespace rankwire::ottl {

enum class Context : std::uint8_t { resource, scope, log, span, span_event, metric, data_point };
inline constexpr std::size_t context_count = 7;
// As configurations write it: "spanevent".
std::string_view to_string(Context context);

// What is asked of the world. Outlives every program.
struct World {
  Clock& clock;
  Random& random;
};

// One of the four kinds of points; the others are null.
struct PointRef {
  NumberPoint* number = nullptr;
  HistogramPoint* histogram = nullptr;
  ExponentialHistogramPoint* exponential = nullptr;
  SummaryPoint* summary = nullptr;

  bool is_set() const { return number || histogram || exponential || summary; }
  // Calls `use` with whichever it is.
  template <class Use>
  decltype(auto) visit(Use use) const {
    if (number != nullptr) return use(*number);
    if (histogram != nullptr) return use(*histogram);
    if (exponential != nullptr) return use(*exponential);
    return use(*summary);
  }
};

struct Frame {
  Frame(Arena& arena, World& world) : arena(arena), world(world) {}

  Arena& arena;  // Of the batch: what is written lives there.
  World& world;
  const Client* client = nullptr;  // Who sent the batch.

  Resource* resource = nullptr;
  std::string_view* resource_schema_url = nullptr;
  Scope* scope = nullptr;
  std::string_view* scope_schema_url = nullptr;
  LogRecord* log = nullptr;
  Span* span = nullptr;
  SpanEvent* span_event = nullptr;
  std::uint32_t event_index = 0;
  // All metrics of the scope: functions may add some. `metric` is one of them and moves when they do.
  List<Metric>* metrics = nullptr;
  Metric* metric = nullptr;
  std::uint32_t metrics_before = 0;  // Those that were there when the scope was entered; functions added the rest.
  PointRef point;

  Attributes cache;  // Of the statements of one configuration item; empty for each new record.

  // Why the last evaluation failed.
  std::string error;
  // Always false, so that a function can end with it.
  bool fail(std::string why) {
    error = std::move(why);
    return false;
  }
};

}  // namespace rankwire::ottl
