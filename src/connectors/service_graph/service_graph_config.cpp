#include "connectors/service_graph/service_graph_config.hpp"

#include "component/settings/duration_bounds.hpp"

namespace rankwire::service_graph {
namespace {

constexpr std::size_t buckets_max = 1000;

}  // namespace

void StoreConfig::fields(config::Fields& f) {
  f.field("ttl", ttl, "How long one side of a request waits for the other.", {.min = 0});
  f.field("max_items", max_items, "The most requests that wait.", {.min = 1});
}

void ServiceGraphConfig::fields(config::Fields& f) {
  f.field("latency_histogram_buckets", latency_histogram_buckets, "Upper bounds, rising: durations such as `10ms`.");
  f.field("exponential_histogram_max_size", exponential_histogram_max_size,
          "Exponential histograms with at most so many buckets instead; 0: fixed bounds.", {.min = 0, .max = 16384});
  f.field("dimensions", dimensions,
          "Attributes of either side that become attributes, with client_ or server_ before.");
  f.section("store", store, "Requests of which one side has been seen.");
  f.field("cache_loop", cache_loop, "How often series without news are looked for.", {.min = 0});
  f.field("store_expiration_loop", store_expiration_loop, "How often requests that waited too long are looked for.",
          {.min = 0});
  f.field("virtual_node_peer_attributes", virtual_node_peer_attributes,
          "Attributes that name who was called and sent no span, best first; none: such requests do not count.");
  f.field("virtual_node_extra_label", virtual_node_extra_label, "Adds `virtual_node`: which side sent no span.");
  f.field("metrics_flush_interval", metrics_flush_interval, "How often metrics are passed on; 0: after each batch.",
          {.min = 0, .max = 86400e9});
  f.field("database_name_attributes", database_name_attributes, "Attributes that name a database, best first.");
  f.renamed("database_name_attribute", "database_name_attributes");
  f.field("metrics_timestamp_offset", metrics_timestamp_offset, "Taken from the time of points.", {.min = 0});
  f.field("max_state_size", max_state_size, "Memory for series and for what waits.", {.min = 65536});
}

void ServiceGraphConfig::validate(config::Validator& v) const {
  if (!latency_histogram_buckets.empty() && exponential_histogram_max_size != 0)
    v.error("exponential_histogram_max_size", "cannot stand beside `latency_histogram_buckets`", "remove one of them");
  if (exponential_histogram_max_size == 1) v.error("exponential_histogram_max_size", "must be 2 or more");
  check_duration_bounds("latency_histogram_buckets", latency_histogram_buckets, buckets_max, v);
}

std::vector<double> ServiceGraphConfig::bounds() const {
  if (exponential_histogram_max_size != 0) return {};
  if (latency_histogram_buckets.empty())
    return {0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1.4, 2, 5, 10, 15};
  return numbers_of(latency_histogram_buckets, std::chrono::seconds(1));
}

}  // namespace rankwire::service_graph
