// One walk over a batch, which moves what stays over what goes.
#include "processors/filter/condition_filter.hpp"

#include "ottl/walk.hpp"
#include "signal/retain.hpp"

namespace rankwire::filter {

using ottl::Context;

// Over one batch.
class ConditionFilter::Pass {
 public:
  Pass(const ConditionFilter& filter, Arena& arena, ottl::World& world, const Client* client)
      : filter_(filter), frame_(arena, world) {
    frame_.client = client;
  }

  bool has_failed() const { return failed_ != nullptr; }
  Error error() const { return failed_->error(frame_); }

  template <class Record>
  bool keeps(ResourceGroup<Record>& group) {
    ottl::enter(frame_, group);
    if (drops(Context::resource)) return false;
    const bool was_empty = group.scopes.empty();
    retain(group.scopes, [this](auto& scope) { return this->keeps(scope); });
    return was_empty || !group.scopes.empty();
  }

  template <class Record>
  bool keeps(ScopeGroup<Record>& group) {
    ottl::enter(frame_, group);
    if (drops(Context::scope)) return false;
    const bool was_empty = group.records.empty();
    retain(group.records, [this](auto& record) { return this->keeps(record); });
    return was_empty || !group.records.empty();
  }

  bool keeps(LogRecord& record) {
    frame_.log = &record;
    return !drops(Context::log);
  }

  bool keeps(Span& span) {
    frame_.span = &span;
    if (drops(Context::span)) return false;
    if (filter_.of(Context::span_event).empty() || span.events.empty()) return true;
    span.events.own(frame_.arena);
    std::uint32_t index = 0;
    retain(span.events, [&](SpanEvent& event) {
      frame_.span_event = &event;
      frame_.event_index = index++;
      return !drops(Context::span_event);
    });
    return true;
  }

  bool keeps(Metric& metric) {
    frame_.metric = &metric;
    if (drops(Context::metric)) return false;
    if (filter_.of(Context::data_point).empty()) return true;
    keep_points(metric.numbers, &ottl::PointRef::number);
    keep_points(metric.histograms, &ottl::PointRef::histogram);
    keep_points(metric.exponential_histograms, &ottl::PointRef::exponential);
    keep_points(metric.summaries, &ottl::PointRef::summary);
    return metric.point_count() != 0;
  }

 private:
  template <class Point, class Member>
  void keep_points(List<Point>& points, Member member) {
    if (points.empty()) return;
    points.own(frame_.arena);
    retain(points, [&](Point& point) {
      frame_.point = {};
      frame_.point.*member = &point;
      return !drops(Context::data_point);
    });
  }

  // Once a condition refuses the batch, nothing is asked any more.
  bool drops(Context context) {
    for (const ottl::ConditionRunner& runner : filter_.of(context)) {
      if (failed_ != nullptr) return false;
      bool holds = false;
      frame_.cache = {};
      if (!runner.any(frame_, holds))
        failed_ = &runner;
      else if (holds)
        return true;
    }
    return false;
  }

  const ConditionFilter& filter_;
  ottl::Frame frame_;
  const ottl::ConditionRunner* failed_ = nullptr;
};

ConditionFilter::ConditionFilter(std::vector<ottl::ConditionRunner> runners) : is_empty_(runners.empty()) {
  for (ottl::ConditionRunner& runner : runners)
    levels_[static_cast<std::size_t>(runner.context())].push_back(std::move(runner));
}

template <class Record>
Result<void> ConditionFilter::apply(RecordBatch<Record>& batch, const Client* client, ottl::World world) const {
  if (is_empty_) return {};
  Pass pass(*this, batch.arena(), world, client);
  retain(batch.resources, [&](auto& group) { return pass.keeps(group); });
  if (pass.has_failed()) return pass.error();
  return {};
}

template Result<void> ConditionFilter::apply(LogBatch&, const Client*, ottl::World) const;
template Result<void> ConditionFilter::apply(MetricBatch&, const Client*, ottl::World) const;
template Result<void> ConditionFilter::apply(TraceBatch&, const Client*, ottl::World) const;

}  // namespace rankwire::filter
