// Connections in memory between clients (net::Stream) and servers (the sessions of net/, without its
// epoll loop). A connection may be refused, stall, or break after any byte in either direction.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "faults.hpp"
#include "net/datagrams.hpp"
#include "net/network.hpp"
#include "net/server.hpp"

namespace rankwire::simulation {

// One direction of a connection.
struct Pipe {
  static constexpr std::size_t capacity = 256 << 10;
  std::deque<char> bytes;
  bool is_closed = false;  // By the writer: the end of the stream.
  bool is_broken = false;  // Reset.
  std::uint64_t passed = 0;
  std::uint64_t breaks_at = UINT64_MAX;
};

struct Wire {
  Pipe to_server, to_client;
  std::uint32_t client_group = 0, server_group = 0;
  const void* server = nullptr;  // To be announced too; may be gone.
  void reset() {
    for (Pipe* pipe : {&to_server, &to_client}) {
      pipe->is_broken = true;
      pipe->bytes.clear();
    }
  }
};

class SimulatedServer;
class SimulatedDatagrams;

class SimulatedNetwork final : public net::Network {
 public:
  explicit SimulatedNetwork(Faults& faults) : faults_(faults) {}

  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint& to, net::TlsClientContext* tls,
                                               const std::string& server_name, Deadline deadline,
                                               std::stop_token stop) override;
  Result<std::unique_ptr<net::Server>> serve(net::ServerOptions options, net::ServerHandler& handler,
                                             Clock& clock) override;

  Result<std::unique_ptr<net::DatagramSocket>> receive_datagrams(const net::DatagramOptions& options,
                                                                 Clock& clock) override;
  // Gone if nobody listens there, or it has not looked for a while.
  void send_datagram(std::uint16_t port, std::string bytes);
  // Called with each that is taken off its socket.
  std::function<void(std::string_view bytes)> on_datagram;

  // Its connections break and its ports are free again.
  void process_died(std::uint32_t group);
  // That the group opened or accepted and still holds.
  std::size_t open_connections(std::uint32_t group) const;
  // Breaks every connection to the port, and refuses new ones while down.
  void set_down(std::uint16_t port, bool is_down);
  // Called with what the process under test sends.
  std::function<void(std::string_view bytes)> on_send;

 private:
  friend class SimulatedServer;
  friend class ClientStream;
  friend class SimulatedDatagrams;

  Faults& faults_;
  std::map<std::uint16_t, SimulatedServer*> servers_;
  std::map<std::uint16_t, SimulatedDatagrams*> datagrams_;
  std::set<std::uint16_t> down_;
  std::vector<std::weak_ptr<Wire>> wires_;
};

}  // namespace rankwire::simulation
