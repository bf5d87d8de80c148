// Takes records out of a batch. What is taken keeps its resource and scope, in order; what becomes empty goes.
#pragma once

#include "signal/retain.hpp"

namespace rankwire {

// Where matching records go: the batches share memory, and no list that may be changed.
template <class Record>
class Taken {
 public:
  Taken(RecordBatch<Record>& to, bool is_copy) : to_(to), is_copy_(is_copy) {}

  // All of a resource.
  void take(const ResourceGroup<Record>& group) {
    ResourceGroup<Record>& added = to_.resources.push(to_.arena(), group);
    if (is_copy_) own_lists(added, to_.arena());
  }
  void begin(const ResourceGroup<Record>& resource) {
    resource_ = &resource;
    has_resource_ = false;
  }
  void begin(const ScopeGroup<Record>& scope) {
    scope_ = &scope;
    has_scope_ = false;
  }
  void take(const Record& record) {
    Record& added = scope().records.push(to_.arena(), record);
    if (is_copy_) own_lists(added, to_.arena());
  }
  // Some points of a metric.
  void begin(const Metric& metric) {
    metric_ = &metric;
    has_metric_ = false;
  }
  template <class Point>
  void take(const Point& point, List<Point> Metric::* points) {
    if (!has_metric_) {
      Metric& added = scope().records.push(to_.arena(), *metric_);
      added.numbers = {};
      added.histograms = {};
      added.exponential_histograms = {};
      added.summaries = {};
      own_lists(added, to_.arena());
      has_metric_ = true;
    }
    (scope().records.back().*points).push(to_.arena(), point);
  }
  // After the points of a metric were taken.
  void end_points() {
    if (has_metric_ && is_copy_) own_lists(scope().records.back(), to_.arena());
    has_metric_ = false;
  }

 private:
  ScopeGroup<Record>& scope() {
    Arena& arena = to_.arena();
    if (!has_resource_) {
      ResourceGroup<Record>& added = to_.resources.add(arena);
      added.resource = resource_->resource;
      added.schema_url = resource_->schema_url;
      own_lists(added.resource, arena);
      has_resource_ = true;
      has_scope_ = false;
    }
    List<ScopeGroup<Record>>& scopes = to_.resources.back().scopes;
    if (!has_scope_) {
      ScopeGroup<Record>& added = scopes.add(arena);
      added.scope = scope_->scope;
      added.schema_url = scope_->schema_url;
      own_lists(added.scope, arena);
      has_scope_ = true;
    }
    return scopes.back();
  }

  RecordBatch<Record>& to_;
  const bool is_copy_;
  const ResourceGroup<Record>* resource_ = nullptr;
  const ScopeGroup<Record>* scope_ = nullptr;
  const Metric* metric_ = nullptr;
  bool has_resource_ = false, has_scope_ = false, has_metric_ = false;
};

}  // namespace rankwire
