// Taking records or points out of a batch in place, keeping the order of the rest. The lists must be the batch's own.
#pragma once

#include "signal/batch.hpp"

namespace rankwire {

// `keep(element)` may change the element; false removes it.
template <class T, class Keep>
void retain(List<T>& list, Keep keep) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    if (!keep(list[i])) continue;
    if (kept != i) list[kept] = list[i];
    ++kept;
  }
  list.truncate(kept);
}

// `keep(resource, scope, record)`; scopes and resources that hold no records go too.
template <class Record, class Keep>
void retain_records(RecordBatch<Record>& batch, Keep keep) {
  retain(batch.resources, [&keep](ResourceGroup<Record>& resource) {
    retain(resource.scopes, [&](ScopeGroup<Record>& scope) {
      retain(scope.records, [&](Record& record) { return keep(resource.resource, scope.scope, record); });
      return !scope.records.empty();
    });
    return !resource.scopes.empty();
  });
}

// Calls `visit(list)` with the list of points that belongs to the metric's type; none for a metric without a type.
template <class AnyMetric, class Visit>
void visit_points(AnyMetric& metric, Visit visit) {
  switch (metric.type) {
    case MetricType::empty: return;
    case MetricType::gauge:
    case MetricType::sum: return visit(metric.numbers);
    case MetricType::histogram: return visit(metric.histograms);
    case MetricType::exponential_histogram: return visit(metric.exponential_histograms);
    case MetricType::summary: return visit(metric.summaries);
  }
}

}  // namespace rankwire
