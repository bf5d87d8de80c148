// Requests between services, from the spans of both sides: pairs them, counts them, gives them as metrics. Not
// thread-safe. A side waits for the other in a store that is bounded in number, bytes and time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/service_graph/service_graph_config.hpp"
#include "signal/batch.hpp"
#include "signal/expiring_map.hpp"
#include "signal/owned_attributes.hpp"
#include "signal/running_histogram.hpp"

namespace rankwire::service_graph {

enum class Connection : std::uint8_t { unknown, messaging_system, database, virtual_node };

class Graph {
 public:
  // `connector` is for labels.
  Graph(const ServiceGraphConfig& config, Clock& clock, Counters& counters, const std::string& connector);

  void add(const TraceBatch& batch);
  // Ends the wait of requests that waited too long: what was called and sent no span becomes a virtual node.
  void expire_requests();
  // Forgets series without news for a quarter of an hour.
  void expire_series();
  // Every series there is.
  MetricBatch flush();
  Bytes bytes() const { return Bytes{requests_.bytes().count + series_.bytes().count}; }

 private:
  using Named = std::pair<std::string, std::string>;

  struct Request {
    std::string client, server;
    double client_seconds = 0, server_seconds = 0;
    bool is_failed = false;
    bool has_client_span_id = false;
    Connection connection = Connection::unknown;
    std::vector<Named> dimensions;  // "client_" or "server_" and the name.
    std::string peer;
    std::string_view virtual_node;  // A literal.
    Instant expires_at{};

    bool is_complete() const { return !client.empty() && !server.empty(); }
    Bytes extra_bytes() const;
  };
  struct Series {
    OwnedAttributes attributes;
    bool is_failed = false;
    bool is_changed = false;  // Holds what no point has said yet.
    std::uint64_t requests = 0;
    RunningHistogram client, server;
    std::uint64_t start_unix_nanos = 0;
    std::uint64_t order = 0;
  };
  using Requests = ExpiringMap<Request>;
  using SeriesMap = ExpiringMap<Series>;
  enum class Side : std::uint8_t { client, server };

  void add_span(const std::string& service, const Resource& resource, const Span& span);
  void update(Request& request, Side side, Connection connection, const std::string& service, const Resource& resource,
              const Span& span) const;
  void add_dimensions(Request& request, const char* prefix, const Resource& resource, const Span& span) const;
  void end_wait(Requests::Entry& entry);
  void count(const Request& request);
  Series& series_of(const Request& request);
  OwnedAttributes attributes_of(const Request& request) const;
  template <class Write>
  void add_metric(MetricScope& scope, const std::vector<Series*>& all, const char* name, MetricBatch& batch,
                  Write write) const;

  const ServiceGraphConfig config_;
  Clock& clock_;
  const HistogramShape shape_;
  Requests requests_;
  SeriesMap series_;
  Series overflow_;  // Of requests whose series finds no room.
  Counter& edges_;
  Counter& expired_edges_;
  Counter& dropped_spans_;
  Instant now_{};
  std::uint64_t now_unix_nanos_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace rankwire::service_graph
