#include "receivers/statsd/statsd_receiver.hpp"

#include <charconv>
#include <cstring>

#include "net/datagrams.hpp"

namespace rankwire::statsd {
namespace {

constexpr std::size_t line_bytes_max = 64 << 10;
constexpr std::size_t packet_prefix_size = 4;
constexpr auto retry_pause = std::chrono::seconds(1);

Result<net::Endpoint> endpoint_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  net::Endpoint endpoint;
  const char* const end = text.data() + text.size();
  const char* const port = text.data() + colon + 1;
  if (colon == std::string::npos || std::from_chars(port, end, endpoint.port).ptr != end || port == end)
    return Error(ErrorKind::invalid, "\"" + text + "\" is no address with a port, such as localhost:8125");
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']'))
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  return endpoint;
}

net::AddressFamily family_of(Transport transport) {
  if (transport == Transport::udp4 || transport == Transport::tcp4) return net::AddressFamily::v4;
  if (transport == Transport::udp6 || transport == Transport::tcp6) return net::AddressFamily::v6;
  return net::AddressFamily::any;
}

// "10.1.2.3:40112" to "10.1.2.3", "[::1]:40112" to "::1".
std::string_view host_of(std::string_view peer) {
  peer = peer.substr(0, peer.rfind(':'));
  if (peer.starts_with('[')) peer = peer.substr(1, peer.find(']') - 1);
  return peer;
}

// One connection: lines over TCP, or packets of lines, each behind its length, over a Unix socket.
class Connection final : public net::ByteReader {
 public:
  Connection(Collector& collector, Sender sender, bool has_lengths)
      : collector_(collector), sender_(std::move(sender)), has_lengths_(has_lengths) {}

  bool received(std::string_view bytes) override {
    if (!begun_.empty()) bytes = begun_.append(bytes);
    const std::size_t taken = has_lengths_ ? take_packets(bytes) : take_lines(bytes);
    if (taken == std::string_view::npos) return false;
    std::string rest(bytes.substr(taken));
    begun_.swap(rest);
    return true;
  }
  void ended() override {
    if (begun_.empty()) return;
    if (has_lengths_) return collector_.refuse("bad_length");
    collector_.take(sender_, begun_);
  }

 private:
  // How much of them is done with; npos: this is no such stream.
  std::size_t take_lines(std::string_view bytes) {
    const std::size_t end = bytes.rfind('\n');
    if (end == std::string_view::npos) {
      if (bytes.size() <= line_bytes_max) return 0;
      collector_.refuse("too_long");
      return std::string_view::npos;
    }
    collector_.take(sender_, bytes.substr(0, end));
    return end + 1;
  }
  std::size_t take_packets(std::string_view bytes) {
    std::size_t at = 0;
    while (bytes.size() - at >= packet_prefix_size) {
      const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i]));
      };
      const std::size_t size = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
      if (size > line_bytes_max) {
        collector_.refuse("bad_length");
        return std::string_view::npos;
      }
      if (bytes.size() - at - packet_prefix_size < size) break;
      collector_.take(sender_, bytes.substr(at + packet_prefix_size, size));
      at += packet_prefix_size + size;
    }
    return at;
  }

  Collector& collector_;
  const Sender sender_;
  const bool has_lengths_;
  std::string begun_;  // Of a line or packet that is not whole yet.
};

Result<std::unique_ptr<Receiver>> create(const StatsdConfig& config, const ComponentContext& context, Intakes intakes) {
  return std::unique_ptr<Receiver>(std::make_unique<StatsdReceiver>(config, context, intakes));
}

}  // namespace

StatsdReceiver::StatsdReceiver(const StatsdConfig& config, const ComponentContext& context, Intakes intakes)
    : config_(config),
      context_(context),
      collector_(config_, context, intakes),
      owners_(context.environment.files, context.environment.clock) {}

StatsdReceiver::~StatsdReceiver() = default;

std::uint16_t StatsdReceiver::port() const {
  if (server_) return server_->port();
  return datagrams_ ? datagrams_->port() : 0;
}

Result<void> StatsdReceiver::start(Host&) {
  RANKWIRE_TRY(listen());
  if (Result<void> started = collector_.start(); !started) {
    stop(Deadline{context_.environment.clock.now()});
    return started;
  }
  context_.environment.log.info("listening for StatsD",
                                {{"component", context_.id.text()}, {"at", config_.place()}, {"port", port()}});
  return {};
}

Result<void> StatsdReceiver::listen() {
  if (!config_.is_tcp() && config_.transport != Transport::unix_stream) return listen_for_datagrams();
  net::ServerOptions options;
  options.idle_timeout = Duration{0};
  options.log = &context_.environment.log;
  if (config_.is_unix()) {
    options.unix_path = config_.place();
    options.unix_permissions = *config_.permissions();
  } else {
    auto endpoint = endpoint_of(config_.place());
    if (!endpoint) return std::move(endpoint).error();
    options.listen = *endpoint;
    options.family = family_of(config_.transport);
  }
  auto server = context_.environment.network.serve_bytes(std::move(options), *this, context_.environment.clock);
  if (!server) return std::move(server).error();
  server_ = std::move(*server);
  return {};
}

Result<void> StatsdReceiver::listen_for_datagrams() {
  net::DatagramOptions options;
  if (config_.is_unix()) {
    options.unix_path = config_.place();
    options.permissions = *config_.permissions();
    options.wants_process = config_.origin_detection;
  } else {
    auto endpoint = endpoint_of(config_.place());
    if (!endpoint) return std::move(endpoint).error();
    options.listen = *endpoint;
    options.family = family_of(config_.transport);
  }
  options.receive_buffer = Bytes{static_cast<std::uint64_t>(config_.socket_buffer_size)};
  auto datagrams = context_.environment.network.receive_datagrams(options, context_.environment.clock);
  if (!datagrams) return std::move(datagrams).error();
  datagrams_ = std::move(*datagrams);
  figures_.push_back(context_.environment.counters.observe_counter(
      "rankwire_statsd_lost_datagrams_total", "Datagrams that the kernel had no room for.",
      {{"receiver", context_.id.text()}}, [this] { return static_cast<double>(lost_.load()); }));
  auto worker = Worker::start("rw-statsd-in", [this](const std::stop_token& stop) { receive(stop); });
  if (!worker) return std::move(worker).error();
  worker_ = std::move(*worker);
  return {};
}

void StatsdReceiver::receive(const std::stop_token& stop) {
  const auto take = [this](const net::Datagram& datagram) {
    collector_.take(sender_at(datagram.peer, datagram.process), datagram.bytes);
  };
  while (!stop.stop_requested()) {
    const Result<void> received = datagrams_->receive(take, Deadline::never(), stop);
    lost_ = datagrams_->lost();
    if (received || received.error().kind() == ErrorKind::cancelled) continue;
    context_.environment.log.error("statsd: receiving failed; trying again",
                                   {{"component", context_.id.text()}, {"error", received.error().message()}});
    (void)context_.environment.clock.wait_until(context_.environment.clock.now() + retry_pause, stop);
  }
}

std::unique_ptr<net::ByteReader> StatsdReceiver::open(const std::string& peer, std::int64_t process) {
  return std::make_unique<Connection>(collector_, sender_at(config_.is_unix() ? std::string_view() : peer, process),
                                      config_.transport == Transport::unix_stream);
}

Sender StatsdReceiver::sender_at(std::string_view peer, std::int64_t process) {
  Sender sender;
  if (config_.ignore_host) return sender;
  if (!peer.empty()) {
    const std::string_view host = host_of(peer);
    // Over TCP a port means nothing: senders keep connections, or make one for each line.
    const bool is_by_host = config_.enable_ip_only_aggregation || config_.is_tcp();
    sender.key = is_by_host ? host : peer;
    sender.address = host;
  } else if (config_.origin_detection && process > 0) {
    sender.container = owners_.owner_of(process).container;
    sender.process = process;
    sender.key = std::to_string(process);
  }
  return sender;
}

void StatsdReceiver::stop(Deadline deadline) {
  worker_.request_stop();
  worker_.join();
  if (server_) server_->stop(deadline);
  collector_.stop(deadline);
  figures_.clear();
  datagrams_.reset();
  server_.reset();
}

ReceiverFactory statsd_factory() {
  return make_factory<StatsdConfig, Receiver, Intakes>({.type = "statsd",
                                                        .aliases = {},
                                                        .summary = "Receives StatsD and DogStatsD.",
                                                        .signals = {Signal::metrics, Signal::logs},
                                                        .stability = Stability::beta,
                                                        .faces_untrusted_input = true},
                                                       create);
}

}  // namespace rankwire::statsd
