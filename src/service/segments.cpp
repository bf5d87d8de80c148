#include "service/segments.hpp"

#include <algorithm>
#include <set>

namespace rankwire::service {
namespace {

using config::ComponentId;
using Between = std::variant<const Planned<ConnectorFactory>*, Holder>;

const ComponentId& id_of(const Between& one) {
  if (const auto* holder = std::get_if<Holder>(&one)) return holder->id;
  return std::get<const Planned<ConnectorFactory>*>(one)->id;
}

void cut(const Plan& plan, const PlannedPipeline& pipeline, std::vector<Segment>& all, std::vector<Between>& between) {
  const auto begin = [&](std::string key, std::vector<ComponentId> receivers) {
    all.push_back({std::move(key), pipeline.id, pipeline.signal, std::move(receivers), {}, {}});
  };
  begin(pipeline.id, pipeline.receivers);
  for (const ComponentId& id : pipeline.processors) {
    const auto* planned = find(plan.processors, id);
    if (!planned->factory->holds_back()) {
      all.back().processors.push_back(id);
      continue;
    }
    const ComponentId holder = holder_id(id, pipeline.id);
    between.emplace_back(Holder{holder, planned, pipeline.id, pipeline.signal});
    all.back().exporters = {holder};
    begin(pipeline.id + " after " + planned->written, {holder});
  }
  all.back().exporters = pipeline.exporters;
}

// Depth first; the check of the plan has seen that connectors form no circle.
class Order {
 public:
  explicit Order(const std::vector<Segment>& segments, std::vector<Between> unordered)
      : segments_(segments), unordered_(std::move(unordered)) {}

  std::vector<Between> take() {
    for (const Between& one : unordered_) visit(one);
    std::reverse(ordered_.begin(), ordered_.end());
    return std::move(ordered_);
  }

 private:
  void visit(const Between& one) {
    if (!visited_.insert(id_of(one)).second) return;
    for (const Segment& segment : segments_) {
      const auto& from = segment.receivers;
      if (std::find(from.begin(), from.end(), id_of(one)) == from.end()) continue;
      for (const ComponentId& to : segment.exporters)
        for (const Between& next : unordered_)
          if (id_of(next) == to) visit(next);
    }
    ordered_.push_back(one);
  }

  const std::vector<Segment>& segments_;
  const std::vector<Between> unordered_;
  std::vector<Between> ordered_;
  std::set<ComponentId> visited_;
};

}  // namespace

ComponentId holder_id(const ComponentId& processor, const std::string& pipeline) {
  return {processor.type, processor.name + " in " + pipeline};
}

Segments segments_of(const Plan& plan) {
  Segments segments;
  std::vector<Between> unordered;
  for (const auto& connector : plan.connectors) unordered.emplace_back(&connector);
  for (const PlannedPipeline& pipeline : plan.pipelines) cut(plan, pipeline, segments.all, unordered);
  segments.between = Order(segments.all, std::move(unordered)).take();
  return segments;
}

}  // namespace rankwire::service
