#include "receivers/host_metrics/output.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view schema_url = "https://opentelemetry.io/schemas/1.9.0";

MetricScope& add_scope(MetricResource& resource, Arena& arena, std::string_view name) {
  MetricScope& scope = resource.scopes.add(arena);
  scope.scope.name = name;
  return scope;
}

// Scrapers that found nothing leave empty scopes.
template <class T, class IsEmpty>
void remove_empty(List<T>& list, IsEmpty is_empty) {
  std::uint32_t kept = 0;
  for (const T& one : list)
    if (!is_empty(one)) list[kept++] = one;
  list.truncate(kept);
}

}  // namespace

MetricWriter Output::host(std::string_view scope_name, const MetricSwitches& switches) {
  if (host_ == 0) {
    batch_.resources.add(batch_.arena()).schema_url = schema_url;
    host_ = batch_.resources.size();
  }
  MetricScope& scope = add_scope(batch_.resources[host_ - 1], batch_.arena(), scope_name);
  return {batch_.arena(), scope, switches, times_};
}

MetricWriter Output::of(const Attributes& resource, std::string_view scope_name, const MetricSwitches& switches,
                        std::uint64_t start) {
  MetricResource& group = batch_.resources.add(batch_.arena());
  group.schema_url = schema_url;
  group.resource.attributes = resource;
  return {batch_.arena(), add_scope(group, batch_.arena(), scope_name), switches, {start, times_.now}};
}

bool Output::cut() {
  if (batch_.memory_bytes().count < batch_bytes) return is_wanted_;
  return pass_on();
}

void Output::finish() { (void)pass_on(); }

bool Output::pass_on() {
  MetricBatch full = std::exchange(batch_, MetricBatch());
  host_ = 0;
  for (MetricResource& resource : full.resources)
    remove_empty(resource.scopes, [](const MetricScope& scope) { return scope.records.empty(); });
  remove_empty(full.resources, [](const MetricResource& resource) { return resource.scopes.empty(); });
  if (is_wanted_ && !full.empty()) is_wanted_ = deliver_(std::move(full));
  return is_wanted_;
}

}  // namespace rankwire::host_metrics
