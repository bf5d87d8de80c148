// Verbosity `normal`: a line for each record or data point.
#include "exporters/debug/text.hpp"

namespace rankwire::debug {

namespace {

// The heading lines of groups, and `record` for each record.
template <class Record, class Write>
void write_groups(const RecordBatch<Record>& batch, std::string_view resource_name, std::string_view scope_name,
                  Text& to, Write record) {
  for (std::uint32_t r = 0; r < batch.resources.size(); ++r) {
    const ResourceGroup<Record>& resource = batch.resources[r];
    (to << resource_name << " #").number(r);
    if (!resource.schema_url.empty()) (to << " [").data(resource.schema_url) << "]";
    to.pairs(resource.resource.attributes) << "\n";
    for (std::uint32_t s = 0; s < resource.scopes.size(); ++s) {
      const ScopeGroup<Record>& scope = resource.scopes[s];
      (to << scope_name << " #").number(s);
      if (!scope.scope.name.empty()) (to << " ").data(scope.scope.name);
      if (!scope.scope.version.empty()) (to << "@").data(scope.scope.version);
      if (!scope.schema_url.empty()) (to << " [").data(scope.schema_url) << "]";
      to.pairs(scope.scope.attributes) << "\n";
      for (const Record& each : scope.records) record(each);
    }
  }
}

Text& begin_point(const Metric& metric, const Attributes& attributes, Text& to) {
  to.data(metric.name) << "{";
  bool is_first = true;
  for (const KeyValue& entry : attributes) {
    (to << (is_first ? "" : ",")).data(entry.key) << "=";
    to.plain(entry.value);
    is_first = false;
  }
  return to << "}";
}

void write_optional(std::string_view name, const OptionalReal& real, Text& to) {
  if (real.is_set) (to << " " << name << "=").real(real.value);
}

template <class Point>
void write_histogram_totals(const Point& point, Text& to) {
  (to << " count=").number(point.count);
  write_optional("sum", point.sum, to);
  write_optional("min", point.min, to);
  write_optional("max", point.max, to);
}

void write_points(const Metric& metric, Text& to) {
  for (const NumberPoint& point : metric.numbers) {
    begin_point(metric, point.attributes, to);
    if (point.value.type == NumberType::integer) (to << " ").number(point.value.integer);
    if (point.value.type == NumberType::real) (to << " ").real(point.value.real);
    to << "\n";
  }
  for (const HistogramPoint& point : metric.histograms) {
    begin_point(metric, point.attributes, to);
    write_histogram_totals(point, to);
    for (std::uint32_t i = 0; i < point.bucket_counts.size(); ++i) {
      to << " le";
      if (i < point.explicit_bounds.size())
        to.real(point.explicit_bounds[i]);
      else
        to << "+Inf";
      (to << "=").number(point.bucket_counts[i]);
    }
    to << "\n";
  }
  for (const ExponentialHistogramPoint& point : metric.exponential_histograms) {
    begin_point(metric, point.attributes, to);
    write_histogram_totals(point, to);
    to << "\n";
  }
  for (const SummaryPoint& point : metric.summaries) {
    (begin_point(metric, point.attributes, to) << " count=").number(point.count);
    (to << " sum=").real(point.sum);
    for (const Quantile& quantile : point.quantiles) {
      (to << " q").real(quantile.quantile);
      (to << "=").real(quantile.value);
    }
    to << "\n";
  }
}

}  // namespace

void write_normal(const LogBatch& batch, Text& to) {
  write_groups(batch, "ResourceLog", "ScopeLog", to,
               [&](const LogRecord& record) { to.plain(record.body).pairs(record.attributes) << "\n"; });
}

void write_normal(const MetricBatch& batch, Text& to) {
  write_groups(batch, "ResourceMetrics", "ScopeMetrics", to, [&](const Metric& metric) { write_points(metric, to); });
}

void write_normal(const TraceBatch& batch, Text& to) {
  write_groups(batch, "ResourceTraces", "ScopeTraces", to, [&](const Span& span) {
    (to.data(span.name) << " ").id(span.trace_id);
    (to << " ").id(span.span_id).pairs(span.attributes) << "\n";
  });
}

}  // namespace rankwire::debug
