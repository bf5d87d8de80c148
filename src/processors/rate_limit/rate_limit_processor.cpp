#include "processors/rate_limit/rate_limit_processor.hpp"

#include <mutex>

#include "processors/rate_limit/limiter.hpp"
#include "processors/rate_limit/measure.hpp"
#include "signal/retain.hpp"

namespace rankwire::rate_limit {
namespace {

constexpr double retry_seconds_min = 0.01, retry_seconds_max = 30;

// The attributes that `record.<attribute>` looks into, of a log record, span or data point; metrics have none.
template <class Record>
const Attributes* attributes_of(const Record& record) {
  return &record.attributes;
}
const Attributes* attributes_of(const Metric&) { return nullptr; }

class RateLimitProcessor final : public Processor {
 public:
  RateLimitProcessor(const RateLimitConfig& config, KeyReader keys, const ComponentContext& context)
      : clock_(context.environment.clock),
        excess_(config.excess),
        measures_bytes_(config.bytes_per_second.count != 0),
        keys_(std::move(keys)),
        limiter_(config, context.environment.counters, context.id.text()) {}

  std::string_view drop_reason() const override { return "rate_limited"; }

  Result<void> process(SignalBatch& batch) override {
    const std::lock_guard lock(mutex_);
    limiter_.begin(clock_.now());
    switch (batch.signal()) {
      case Signal::logs: return limit(batch.logs());
      case Signal::metrics: return limit(batch.metrics());
      case Signal::traces: return limit(batch.traces());
    }
    return {};
  }

 private:
  // Finds the state of one record after another; neighbours mostly have the same.
  class Finder {
   public:
    Finder(const KeyReader& keys, Limiter& limiter) : keys_(keys), limiter_(limiter) {}
    template <class Record>
    KeyState& of(const Resource& resource, const Record& record) {
      if (&resource != resource_) {
        resource_ = &resource;
        of_resource_ = keys_.of(resource);
        state_ = keys_.needs_record() ? nullptr : &limiter_.of(of_resource_);
      }
      return state_ ? *state_ : limiter_.of(keys_.of(of_resource_, attributes_of(record)));
    }

   private:
    const KeyReader& keys_;
    Limiter& limiter_;
    const Resource* resource_ = nullptr;
    Identity of_resource_;
    KeyState* state_ = nullptr;
  };

  template <class Record>
  Amount amount_of(const Record& record) const {
    return {static_cast<double>(count_of(record)), measures_bytes_ ? static_cast<double>(bytes_of(record)) : 0};
  }

  template <class Batch>
  Result<void> limit(Batch& batch) {
    if (excess_ == Excess::hold_back) return hold_back(batch);
    Finder finder(keys_, limiter_);
    retain_records(batch, [&](const Resource& resource, const Scope&, auto& record) {
      if constexpr (requires { record.point_count(); })
        if (keys_.needs_record()) return this->keeps_points(finder, resource, record);
      return this->keeps(finder, resource, record);
    });
    return {};
  }

  template <class Record>
  bool keeps(Finder& finder, const Resource& resource, const Record& record) {
    KeyState& state = finder.of(resource, record);
    if (limiter_.has_room(state)) {
      state.bucket.take(amount_of(record));
      return true;
    }
    if (limiter_.is_sampled(state)) return true;
    limiter_.count_excess(state, count_of(record), [&] { return keys_.text(resource, attributes_of(record)); });
    return false;
  }

  // Points of one metric may have different keys: each is limited for itself.
  bool keeps_points(Finder& finder, const Resource& resource, Metric& metric) {
    if (metric.point_count() == 0) return true;
    visit_points(metric, [&](auto& points) {
      retain(points, [&](const auto& point) { return this->keeps(finder, resource, point); });
    });
    return metric.point_count() != 0;
  }

  // What has a key: a record, or the points of a metric where their attributes tell keys apart.
  template <class Record, class Visit>
  void visit_keyed(const Record& record, Visit visit) const {
    if constexpr (requires { record.point_count(); }) {
      if (keys_.needs_record())
        return visit_points(record, [&](const auto& points) {
          for (const auto& point : points) visit(point);
        });
    }
    visit(record);
  }

  // What a batch asks for, and who in it has nothing left.
  struct Holding {
    double wait_seconds = 0;
    std::string waits_for;
    std::vector<std::pair<KeyState*, Amount>> charges;
  };

  template <class Record>
  void ask(Finder& finder, const Resource& resource, const Record& record, Holding& pass) {
    KeyState& state = finder.of(resource, record);
    if (!limiter_.has_room(state)) {
      const auto text = [&] { return keys_.text(resource, attributes_of(record)); };
      limiter_.count_excess(state, count_of(record), text);
      const double seconds = state.bucket.seconds_until_room(limiter_.limits());
      if (pass.waits_for.empty() || seconds > pass.wait_seconds) pass.waits_for = text();
      pass.wait_seconds = std::max(pass.wait_seconds, seconds);
    }
    if (pass.charges.empty() || pass.charges.back().first != &state) pass.charges.emplace_back(&state, Amount());
    pass.charges.back().second += amount_of(record);
  }

  // A batch is taken whole, or left with whoever sent it.
  template <class Batch>
  Result<void> hold_back(Batch& batch) {
    Finder finder(keys_, limiter_);
    Holding pass;
    for (const auto& resource : batch.resources) {
      for (const auto& scope : resource.scopes) {
        for (const auto& each : scope.records)
          visit_keyed(each, [&](const auto& record) { this->ask(finder, resource.resource, record, pass); });
      }
    }
    if (!pass.waits_for.empty()) {
      const double seconds = std::clamp(pass.wait_seconds, retry_seconds_min, retry_seconds_max);
      return Error(ErrorKind::refused, "the rate limit of " + pass.waits_for + " is reached",
                   std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000))))
          .of_this_data();
    }
    for (const auto& [state, amount] : pass.charges) state->bucket.take(amount);
    return {};
  }

  const Clock& clock_;
  const Excess excess_;
  const bool measures_bytes_;
  const KeyReader keys_;
  std::mutex mutex_;
  Limiter limiter_;  // Guarded by mutex_.
};

Result<std::unique_ptr<Processor>> create(const RateLimitConfig& config, const ComponentContext& context) {
  auto keys = KeyReader::compile(config.keys);
  if (!keys) return std::move(keys).error();
  return std::unique_ptr<Processor>(std::make_unique<RateLimitProcessor>(config, std::move(*keys), context));
}

}  // namespace

ProcessorFactory rate_limit_factory() {
  return make_factory<RateLimitConfig, Processor>(
      {.type = "rate_limit",
       .aliases = {},
       .summary = "Limits records or bytes a second of each pod, namespace or attribute.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::alpha},
      create);
}

}  // namespace rankwire::rate_limit
