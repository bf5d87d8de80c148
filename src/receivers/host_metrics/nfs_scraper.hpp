// What the kernel does as a client and as a server of NFS, from /proc/net/rpc. Where it does neither there is nothing.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class NfsMetric : std::size_t {
  client_net,
  client_connections,
  client_operations,
  client_procedures,
  client_auth_refreshes,
  client_rpcs,
  client_retransmits,
  server_stale_handles,
  server_io,
  server_net,
  server_connections,
  server_operations,
  server_procedures,
  server_reply_cache,
  server_rpcs,
  server_threads
};

inline constexpr MetricSpec nfs_metrics[] = {
    {"nfs.client.net.count", "{record}", MetricShape::counter, true, "Segments and datagrams.", {"network.transport"}},
    {"nfs.client.net.tcp.connection.accepted", "{connection}", MetricShape::counter, true, "TCP connections."},
    {"nfs.client.operation.count",
     "{operation}",
     MetricShape::counter,
     true,
     "Operations of NFS 4.",
     {"onc_rpc.version", "nfs.operation.name"}},
    {"nfs.client.procedure.count",
     "{procedure}",
     MetricShape::counter,
     true,
     "Procedures.",
     {"onc_rpc.version", "onc_rpc.procedure.name"}},
    {"nfs.client.rpc.authrefresh.count", "{authrefresh}", MetricShape::counter, true, "Authentications anew."},
    {"nfs.client.rpc.count", "{request}", MetricShape::counter, true, "Calls."},
    {"nfs.client.rpc.retransmit.count", "{retransmit}", MetricShape::counter, true, "Calls sent again."},
    {"nfs.server.fh.stale.count", "{fh}", MetricShape::counter, true, "File handles of files that are gone."},
    {"nfs.server.io", "By", MetricShape::counter, true, "Bytes, by direction.", {"network.io.direction"}},
    {"nfs.server.net.count", "{request}", MetricShape::counter, true, "Segments and datagrams.", {"network.transport"}},
    {"nfs.server.net.tcp.connection.accepted", "{connection}", MetricShape::counter, true, "TCP connections."},
    {"nfs.server.operation.count",
     "{operation}",
     MetricShape::counter,
     true,
     "Operations of NFS 4.",
     {"onc_rpc.version", "nfs.operation.name"}},
    {"nfs.server.procedure.count",
     "{procedure}",
     MetricShape::counter,
     true,
     "Procedures.",
     {"onc_rpc.version", "onc_rpc.procedure.name"}},
    {"nfs.server.repcache.requests",
     "{request}",
     MetricShape::counter,
     true,
     "Calls, by what the reply cache had.",
     {"nfs.server.repcache.status"}},
    {"nfs.server.rpc.count", "{request}", MetricShape::counter, true, "Calls that were wrong.", {"error.type"}},
    {"nfs.server.thread.count", "{thread}", MetricShape::level, true, "Threads."},
};

struct NfsConfig {
  MetricSwitches metrics{nfs_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_nfs_scraper(const NfsConfig& config);

}  // namespace rankwire::host_metrics
