// What a user writes about service graphs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::service_graph {

struct StoreConfig {
  Duration ttl = std::chrono::seconds(2);
  std::uint64_t max_items = 1000;

  void fields(config::Fields& f);
};

struct ServiceGraphConfig {
  std::vector<std::string> latency_histogram_buckets;
  std::uint64_t exponential_histogram_max_size = 0;
  std::vector<std::string> dimensions;
  StoreConfig store;
  Duration cache_loop = std::chrono::minutes(1);
  Duration store_expiration_loop = std::chrono::seconds(2);
  std::vector<std::string> virtual_node_peer_attributes = {"peer.service", "db.name", "db.system"};
  bool virtual_node_extra_label = false;
  Duration metrics_flush_interval = std::chrono::seconds(60);
  std::vector<std::string> database_name_attributes = {"db.name"};
  Duration metrics_timestamp_offset{0};
  Bytes max_state_size = Bytes{64 << 20};

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  std::vector<double> bounds() const;  // In seconds.
};

}  // namespace rankwire::service_graph
