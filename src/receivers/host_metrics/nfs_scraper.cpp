#include "receivers/host_metrics/nfs_scraper.hpp"

#include <span>

#include "receivers/host_metrics/nfs_names.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "nfsscraper";

// "proc3 22 5 0 …": how many numbers follow, then one for each name.
void write_calls(std::string_view line, std::int64_t version, std::span<const std::string_view> names, NfsMetric metric,
                 MetricWriter& writer) {
  const std::uint64_t count = std::min<std::uint64_t>(next_number(line), names.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto calls = number_of(next_word(line));
    if (!calls) return;
    if (!names[i].empty()) writer.add(metric, *calls, {Value::of(version), Value::of(names[i])});
  }
}

// "net 8 843 666 157": packets, of them by UDP and by TCP, and connections.
void write_net(std::string_view line, NfsMetric net, NfsMetric connections, MetricWriter& writer) {
  skip_words(line, 1);
  writer.add(net, next_number(line), {Value::of("udp")});
  writer.add(net, next_number(line), {Value::of("tcp")});
  writer.add(connections, next_number(line));
}

void write_client(std::string_view text, MetricWriter& writer) {
  for (std::string_view line; next_line(text, line);) {
    const std::string_view what = next_word(line);
    if (what == "net") write_net(line, NfsMetric::client_net, NfsMetric::client_connections, writer);
    if (what == "proc3") write_calls(line, 3, nfs3_procedures, NfsMetric::client_procedures, writer);
    if (what == "proc4") write_calls(line, 4, nfs4_client_operations, NfsMetric::client_operations, writer);
    if (what != "rpc") continue;
    writer.add(NfsMetric::client_rpcs, next_number(line));
    writer.add(NfsMetric::client_retransmits, next_number(line));
    writer.add(NfsMetric::client_auth_refreshes, next_number(line));
  }
}

void write_server_totals(std::string_view what, std::string_view line, MetricWriter& writer) {
  if (what == "rc") {
    for (const char* status : {"hit", "miss", "nocache"})
      writer.add(NfsMetric::server_reply_cache, next_number(line), {Value::of(status)});
  } else if (what == "fh") {
    writer.add(NfsMetric::server_stale_handles, next_number(line));
  } else if (what == "io") {
    writer.add(NfsMetric::server_io, next_number(line), {Value::of("receive")});
    writer.add(NfsMetric::server_io, next_number(line), {Value::of("transmit")});
  } else if (what == "th") {
    writer.add(NfsMetric::server_threads, next_number(line));
  } else if (what == "rpc") {
    skip_words(line, 2);  // All, and all that were wrong.
    for (const char* error : {"format", "auth", "client"})
      writer.add(NfsMetric::server_rpcs, next_number(line), {Value::of(error)});
  }
}

void write_server(std::string_view text, MetricWriter& writer) {
  for (std::string_view line; next_line(text, line);) {
    const std::string_view what = next_word(line);
    write_server_totals(what, line, writer);
    if (what == "net") write_net(line, NfsMetric::server_net, NfsMetric::server_connections, writer);
    if (what == "proc3") write_calls(line, 3, nfs3_procedures, NfsMetric::server_procedures, writer);
    if (what == "proc4") write_calls(line, 4, nfs4_server_procedures, NfsMetric::server_procedures, writer);
    if (what == "proc4ops") write_calls(line, 4, nfs4_server_operations, NfsMetric::server_operations, writer);
  }
}

class NfsScraper final : public Scraper {
 public:
  explicit NfsScraper(const NfsConfig& config) : config_(config) {}

  std::string_view name() const override { return "nfs"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    MetricWriter writer = output.host(scope_name, config_.metrics);
    Result<void> result;
    const std::pair<const char*, void (*)(std::string_view, MetricWriter&)> sides[] = {{"rpc/nfs", write_client},
                                                                                       {"rpc/nfsd", write_server}};
    for (const auto& [file, write] : sides) {
      const auto text = host.read(host.net_path(file));
      if (text)
        write(*text, writer);
      else if (!is_missing(text.error()))
        result = text.error();
    }
    writer.finish();
    return result;
  }

 private:
  const NfsConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_nfs_scraper(const NfsConfig& config) { return std::make_unique<NfsScraper>(config); }

}  // namespace rankwire::host_metrics
