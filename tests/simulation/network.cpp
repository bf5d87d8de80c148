#include "network.hpp"

#include <algorithm>

#include "base/worker.hpp"
#include "net/server_session.hpp"

namespace rankwire::simulation {
namespace {

// The client waits for its wire, the server for any of its wires.
void changed(const Wire& wire) {
  Scheduler::current()->announce_all(&wire);
  Scheduler::current()->announce_all(wire.server);
}

std::size_t pass(Pipe& pipe, std::string_view bytes) {
  const std::size_t count = std::min(bytes.size(), Pipe::capacity - std::min(pipe.bytes.size(), Pipe::capacity));
  pipe.bytes.insert(pipe.bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  pipe.passed += count;
  return count;
}

std::size_t take(Pipe& pipe, char* into, std::size_t size) {
  const std::size_t count = std::min(size, pipe.bytes.size());
  std::copy_n(pipe.bytes.begin(), count, into);
  pipe.bytes.erase(pipe.bytes.begin(), pipe.bytes.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

class ServerTransport final : public net::Transport {
 public:
  explicit ServerTransport(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  ~ServerTransport() override {
    wire_->to_client.is_closed = true;
    wire_->to_server.is_broken = true;
    changed(*wire_);
  }

  net::IoResult read(char* into, std::size_t size) override {
    Pipe& pipe = wire_->to_server;
    if (pipe.is_broken) return {0, net::IoState::closed};
    const std::size_t count = take(pipe, into, size);
    if (count != 0) {
      changed(*wire_);
      return {count, count < size ? net::IoState::blocked : net::IoState::ready};
    }
    return {0, pipe.is_closed ? net::IoState::closed : net::IoState::blocked};
  }
  net::IoResult write(std::string_view bytes) override {
    Pipe& pipe = wire_->to_client;
    if (pipe.is_broken) return {0, net::IoState::closed};
    if (pipe.passed + bytes.size() > pipe.breaks_at) {
      pass(pipe, bytes.substr(0, pipe.breaks_at - std::min(pipe.passed, pipe.breaks_at)));
      wire_->reset();
      changed(*wire_);
      return {0, net::IoState::closed};
    }
    const std::size_t count = pass(pipe, bytes);
    changed(*wire_);
    return {count, count < bytes.size() ? net::IoState::blocked : net::IoState::ready};
  }
  void finish_sending() override {
    wire_->to_client.is_closed = true;
    changed(*wire_);
  }

 private:
  const std::shared_ptr<Wire> wire_;
};

}  // namespace

class ClientStream final : public net::Stream {
 public:
  ClientStream(SimulatedNetwork& network, std::shared_ptr<Wire> wire) : network_(network), wire_(std::move(wire)) {}
  ~ClientStream() override {
    wire_->to_server.is_closed = true;
    wire_->to_client.is_broken = true;
    changed(*wire_);
  }

  Result<std::size_t> read(char* into, std::size_t size, Deadline deadline, std::stop_token stop) override {
    Pipe& pipe = wire_->to_client;
    const auto is_ready = [&] { return !pipe.bytes.empty() || pipe.is_broken || pipe.is_closed; };
    RANKWIRE_TRY(wait(is_ready, deadline, stop));
    if (pipe.is_broken) return Error(ErrorKind::unavailable, "connection reset by peer");
    const std::size_t count = take(pipe, into, size);
    changed(*wire_);
    return count;
  }
  Result<void> write(std::span<const std::string_view> pieces, Deadline deadline, std::stop_token stop) override {
    Pipe& pipe = wire_->to_server;
    for (std::string_view piece : pieces) {
      if (network_.on_send && wire_->client_group != 0) network_.on_send(piece);
      while (!piece.empty()) {
        if (pipe.passed + piece.size() > pipe.breaks_at) {
          wire_->reset();
          changed(*wire_);
        }
        if (pipe.is_broken) return Error(ErrorKind::unavailable, "broken pipe");
        piece.remove_prefix(pass(pipe, piece));
        changed(*wire_);
        const auto is_ready = [&] { return pipe.bytes.size() < Pipe::capacity || pipe.is_broken; };
        RANKWIRE_TRY(wait(is_ready, deadline, stop));
      }
    }
    return {};
  }
  bool is_stale() override {
    return wire_->to_client.is_broken || wire_->to_client.is_closed || !wire_->to_client.bytes.empty();
  }

 private:
  template <class Ready>
  Result<void> wait(Ready is_ready, Deadline deadline, const std::stop_token& stop) {
    Scheduler& scheduler = *Scheduler::current();
    scheduler.yield();
    const std::stop_callback wake(stop, [this] { changed(*wire_); });
    while (!is_ready()) {
      if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped");
      if (scheduler.now() >= deadline.at) return Error(ErrorKind::unavailable, "timed out");
      scheduler.wait(wire_.get(), deadline.at);
    }
    return {};
  }

  SimulatedNetwork& network_;
  const std::shared_ptr<Wire> wire_;
};

// As the event loop of net/: one thread, and a session for each connection.
class SimulatedServer final : public net::Server {
 public:
  SimulatedServer(SimulatedNetwork& network, net::ServerOptions options, net::ServerHandler& handler)
      : network_(network),
        options_(std::move(options)),
        context_{options_, &handler},
        group_(Scheduler::self()->group) {
    network_.servers_[port()] = this;
    worker_ = Worker("server", [this](const std::stop_token&) { run(); });
  }
  ~SimulatedServer() override {
    stop({Scheduler::current()->now()});
    close();
  }

  std::uint16_t port() const override { return options_.listen.port; }
  void stop(Deadline deadline) override {
    stop_at_ = std::min(stop_at_, deadline.at);
    must_stop_ = true;
    Scheduler::current()->announce_all(this);
    worker_.join();
  }
  void close() {
    const auto found = network_.servers_.find(port());
    if (found != network_.servers_.end() && found->second == this) network_.servers_.erase(found);
  }
  void accept(std::shared_ptr<Wire> wire) {
    wire->server_group = group_;
    wire->server = this;
    incoming_.push_back(std::move(wire));
    Scheduler::current()->announce_all(this);
  }
  std::uint32_t group() const { return group_; }

 private:
  struct Connection {
    std::shared_ptr<Wire> wire;
    std::unique_ptr<net::Session> session;
  };

  void run() {
    Scheduler& scheduler = *Scheduler::current();
    bool is_draining = false;
    while (true) {
      const Instant now = scheduler.now();
      if (must_stop_ && !is_draining) {
        is_draining = true;
        close();
        for (Connection& one : connections_) one.session->drain(now);
      }
      const bool was_busy = serve_all(now);
      std::erase_if(connections_, [](const Connection& one) { return one.session->is_closed(); });
      if (is_draining && (connections_.empty() || now >= stop_at_)) break;
      if (was_busy || !incoming_.empty()) {
        scheduler.yield();
        continue;
      }
      Instant until = is_draining ? stop_at_ : Instant::max();
      for (const Connection& one : connections_) until = std::min(until, one.session->deadline());
      scheduler.wait(this, until);
    }
    connections_.clear();
  }

  bool serve_all(Instant now) {
    for (auto& wire : std::exchange(incoming_, {})) {
      if (must_stop_) {
        wire->reset();
        continue;
      }
      auto make = options_.protocol == net::Protocol::http ? net::make_http_session : net::make_grpc_session;
      connections_.push_back({wire, make(context_, std::make_unique<ServerTransport>(wire), "10.0.0.1:1", now)});
    }
    bool was_busy = false;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      net::Session& session = *connections_[i].session;
      const Wire& wire = *connections_[i].wire;
      const bool is_readable = !wire.to_server.bytes.empty() || wire.to_server.is_closed || wire.to_server.is_broken;
      const bool is_writable = wire.to_client.bytes.size() < Pipe::capacity;
      if (!session.is_closed() && session.wants_write() && is_writable) {
        session.on_writable(now);
        was_busy = true;
      }
      if (!session.is_closed() && session.wants_read() && is_readable) {
        session.on_readable(now);
        was_busy = true;
      }
      if (!session.is_closed() && session.deadline() <= now) session.on_timer(now);
    }
    return was_busy;
  }

  SimulatedNetwork& network_;
  const net::ServerOptions options_;
  net::SessionContext context_;
  const std::uint32_t group_;
  std::vector<std::shared_ptr<Wire>> incoming_;
  std::vector<Connection> connections_;
  bool must_stop_ = false;
  Instant stop_at_ = Instant::max();
  Worker worker_;
};

Result<std::unique_ptr<net::Stream>> SimulatedNetwork::connect(const net::Endpoint& to, net::TlsClientContext*,
                                                               const std::string&, Deadline, std::stop_token) {
  Scheduler& scheduler = *Scheduler::current();
  scheduler.yield();
  const auto found = servers_.find(to.port);
  const bool is_refused = found == servers_.end() || down_.contains(to.port);
  if (is_refused || faults_.strikes(Fault::refused_connection))
    return Error(ErrorKind::unavailable, "connecting to " + to.text() + ": Connection refused");
  auto wire = std::make_shared<Wire>();
  wire->client_group = Scheduler::self()->group;
  if (faults_.strikes(Fault::reset_in_request)) wire->to_server.breaks_at = faults_.dice().below(20'000);
  if (faults_.strikes(Fault::reset_in_response)) wire->to_client.breaks_at = faults_.dice().below(400);
  if (faults_.strikes(Fault::response_lost)) wire->to_client.breaks_at = 0;
  std::erase_if(wires_, [](const auto& one) { return one.expired(); });
  wires_.push_back(wire);
  found->second->accept(wire);
  return std::unique_ptr<net::Stream>(std::make_unique<ClientStream>(*this, std::move(wire)));
}

Result<std::unique_ptr<net::Server>> SimulatedNetwork::serve(net::ServerOptions options, net::ServerHandler& handler,
                                                             Clock&) {
  Scheduler::current()->yield();
  if (servers_.contains(options.listen.port))
    return Error(ErrorKind::unavailable, "cannot listen on port " + std::to_string(options.listen.port));
  return std::unique_ptr<net::Server>(std::make_unique<SimulatedServer>(*this, std::move(options), handler));
}

class SimulatedDatagrams final : public net::DatagramSocket {
 public:
  SimulatedDatagrams(SimulatedNetwork& network, std::uint16_t port)
      : network_(network), port_(port), group_(Scheduler::self()->group) {
    network_.datagrams_[port_] = this;
  }
  ~SimulatedDatagrams() override {
    const auto found = network_.datagrams_.find(port_);
    if (found != network_.datagrams_.end() && found->second == this) network_.datagrams_.erase(found);
  }

  std::uint16_t port() const override { return port_; }
  std::uint64_t lost() const override { return lost_; }
  Result<void> receive(const std::function<void(const net::Datagram&)>& each, Deadline deadline,
                       const std::stop_token& stop) override {
    Scheduler& scheduler = *Scheduler::current();
    const std::stop_callback wake(stop, [this] { Scheduler::current()->announce_all(this); });
    while (waiting_.empty()) {
      if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped");
      if (!scheduler.wait(this, deadline.at)) return Error(ErrorKind::unavailable, "timed out");
    }
    while (!waiting_.empty()) {
      const std::string bytes = std::move(waiting_.front());
      waiting_.pop_front();
      if (network_.on_datagram) network_.on_datagram(bytes);
      each({.bytes = bytes, .peer = "10.0.0.9:5000"});
    }
    return {};
  }
  void arrive(std::string bytes) {
    constexpr std::size_t waiting_max = 50;
    if (waiting_.size() >= waiting_max) {
      ++lost_;
      return;
    }
    waiting_.push_back(std::move(bytes));
    Scheduler::current()->announce_all(this);
  }
  std::uint32_t group() const { return group_; }

 private:
  SimulatedNetwork& network_;
  const std::uint16_t port_;
  const std::uint32_t group_;
  std::deque<std::string> waiting_;
  std::uint64_t lost_ = 0;
};

Result<std::unique_ptr<net::DatagramSocket>> SimulatedNetwork::receive_datagrams(const net::DatagramOptions& options,
                                                                                 Clock&) {
  Scheduler::current()->yield();
  if (datagrams_.contains(options.listen.port))
    return Error(ErrorKind::unavailable, "cannot listen on port " + std::to_string(options.listen.port));
  return std::unique_ptr<net::DatagramSocket>(std::make_unique<SimulatedDatagrams>(*this, options.listen.port));
}

void SimulatedNetwork::send_datagram(std::uint16_t port, std::string bytes) {
  const auto found = datagrams_.find(port);
  if (found != datagrams_.end()) found->second->arrive(std::move(bytes));
}

void SimulatedNetwork::process_died(std::uint32_t group) {
  std::erase_if(datagrams_, [&](const auto& entry) { return entry.second->group() == group; });
  std::erase_if(servers_, [&](const auto& entry) { return entry.second->group() == group; });
  for (const auto& weak : wires_) {
    const auto wire = weak.lock();
    if (!wire || (wire->client_group != group && wire->server_group != group)) continue;
    // What the dead process had sent still arrives; then the stream ends.
    if (wire->client_group == group) wire->to_server.is_closed = true;
    if (wire->server_group == group) wire->reset();
    changed(*wire);
  }
}

std::size_t SimulatedNetwork::open_connections(std::uint32_t group) const {
  return static_cast<std::size_t>(std::count_if(wires_.begin(), wires_.end(), [&](const auto& weak) {
    const auto wire = weak.lock();
    return wire && ((wire->client_group == group && !wire->to_server.is_closed) ||
                    (wire->server_group == group && !wire->to_client.is_closed));
  }));
}

void SimulatedNetwork::set_down(std::uint16_t port, bool is_down) {
  if (!is_down) {
    down_.erase(port);
    return;
  }
  down_.insert(port);
  for (const auto& weak : wires_)
    if (const auto wire = weak.lock()) {
      wire->reset();
      changed(*wire);
    }
}

}  // namespace rankwire::simulation
