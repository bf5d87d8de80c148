#include "receivers/host_metrics/network_scraper.hpp"

#include <array>

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "networkscraper";
// By the number that /proc/net/tcp has for them, less one. 0C, a connection that is just being taken, is SYN_RECV too.
constexpr std::string_view tcp_states[] = {"ESTABLISHED", "SYN_SENT",  "SYN_RECV", "FIN_WAIT1",
                                           "FIN_WAIT2",   "TIME_WAIT", "CLOSE",    "CLOSE_WAIT",
                                           "LAST_ACK",    "LISTEN",    "CLOSING"};
constexpr std::size_t line_bytes_max = 4 << 10;
constexpr std::size_t syn_received = 2, new_syn_received = 11;

using StateCounts = std::array<std::uint64_t, std::size(tcp_states)>;

std::size_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::size_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<std::size_t>(c - 'A') + 10;
  return 16;
}

// "   0: 0100007F:1F90 00000000:0000 0A 00000000:…"
void count_connection(std::string_view line, StateCounts& counts) {
  skip_words(line, 3);
  const std::string_view state = next_word(line);
  if (state.size() != 2 || hex_digit(state[0]) != 0) return;
  std::size_t index = hex_digit(state[1]) - 1;
  if (index == new_syn_received) index = syn_received;
  if (index < counts.size()) ++counts[index];
}

// There may be many: they are never in memory at once.
Result<void> count_connections(HostFiles& host, std::string_view path, StateCounts& counts) {
  std::string begun;
  bool is_heading = true;
  return host.read_in_pieces(path, [&](std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      if (end == std::string_view::npos) {
        if (begun.size() < line_bytes_max) begun.append(piece);
        return;
      }
      std::string_view line = piece.substr(0, end);
      piece.remove_prefix(end + 1);
      if (!begun.empty()) line = begun.append(line);
      if (!std::exchange(is_heading, false)) count_connection(line, counts);
      begun.clear();
    }
  });
}

class NetworkScraper final : public Scraper {
 public:
  explicit NetworkScraper(const NetworkConfig& config) : config_(config), wanted_(config.include, config.exclude) {}

  std::string_view name() const override { return "network"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    MetricWriter writer = output.host(scope_name, config_.metrics);
    Result<void> result = write_interfaces(host, output.arena(), writer);
    if (Result<void> next = write_connections(host, writer); !next) result = next;
    if (Result<void> next = write_tracked(host, writer); !next) result = next;
    writer.finish();
    return result;
  }

 private:
  Result<void> write_interfaces(HostFiles& host, Arena& arena, MetricWriter& writer) {
    auto text = host.read(host.net_path("dev"));
    if (!text && host.has_root()) text = host.read("/proc/net/dev");
    if (!text) return std::move(text).error();
    for (std::string_view line; next_line(*text, line);) {
      const std::size_t colon = line.rfind(':');
      if (colon == std::string_view::npos) continue;  // The headings.
      std::string_view name = line.substr(0, colon);
      name = next_word(name);
      if (!name.empty() && wanted_.takes(name))
        write_interface(text_value(arena, name), line.substr(colon + 1), writer);
    }
    return {};
  }

  // Received: bytes, packets, errs, drop, fifo, frame, compressed, multicast; then the same of what was sent.
  static void write_interface(Value name, std::string_view line, MetricWriter& writer) {
    for (const char* direction : {"receive", "transmit"}) {
      const std::initializer_list<Value> attributes = {name, Value::of(direction)};
      writer.add(NetworkMetric::io, next_number(line), attributes);
      writer.add(NetworkMetric::packets, next_number(line), attributes);
      writer.add(NetworkMetric::errors, next_number(line), attributes);
      writer.add(NetworkMetric::dropped, next_number(line), attributes);
      skip_words(line, 4);
    }
  }

  static Result<void> write_connections(HostFiles& host, MetricWriter& writer) {
    if (!writer.wants(NetworkMetric::connections)) return {};
    StateCounts counts{};
    RANKWIRE_TRY(count_connections(host, host.net_path("tcp"), counts));
    const Result<void> v6 = count_connections(host, host.net_path("tcp6"), counts);
    if (!v6 && !is_missing(v6.error())) return v6;
    for (std::size_t i = 0; i < counts.size(); ++i)
      writer.add(NetworkMetric::connections, counts[i], {Value::of("tcp"), Value::of(tcp_states[i])});
    return {};
  }

  static Result<void> write_tracked(HostFiles& host, MetricWriter& writer) {
    const std::pair<NetworkMetric, std::string_view> files[] = {
        {NetworkMetric::conntrack_count, "/proc/sys/net/netfilter/nf_conntrack_count"},
        {NetworkMetric::conntrack_max, "/proc/sys/net/netfilter/nf_conntrack_max"}};
    for (const auto& [metric, path] : files) {
      if (!writer.wants(metric)) continue;
      auto text = host.read(path);
      if (!text) return std::move(text).error();
      writer.add(metric, number_of(text->substr(0, text->find('\n'))).value_or(0));
    }
    return {};
  }

  const NetworkConfig config_;
  const NameFilter wanted_;
};

}  // namespace

std::unique_ptr<Scraper> make_network_scraper(const NetworkConfig& config) {
  return std::make_unique<NetworkScraper>(config);
}

}  // namespace rankwire::host_metrics
