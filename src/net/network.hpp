// The network, as an interface: the simulator injects refusals, resets and stalls here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace rankwire::net {

// A connected byte stream, used by one thread at a time. Every wait ends at the deadline
// (`unavailable`) or when the token is stopped (`cancelled`).
class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte, or 0 at the end of the stream.
  virtual Result<std::size_t> read(char* into, std::size_t size, Deadline deadline, std::stop_token stop) = 0;
  // Everything or an error.
  virtual Result<void> write(std::span<const std::string_view> pieces, Deadline deadline, std::stop_token stop) = 0;
  // As `write`, starting at byte `from` of the pieces as if joined, but returns early when the peer
  // sends something meanwhile (an HTTP server that answers before it has read the body). The value is
  // the position reached. This default never returns early.
  virtual Result<std::size_t> write_unless_answered(std::span<const std::string_view> pieces, std::size_t from,
                                                    Deadline deadline, std::stop_token stop);
  // Whether the peer closed or sent something while the stream was idle: not fit for reuse.
  virtual bool is_stale() = 0;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
};

enum class AddressFamily : std::uint8_t { any, v4, v6 };

class TlsClientContext;
class Server;
class ServerHandler;
class ByteStreamHandler;
class DatagramSocket;
struct DatagramOptions;
struct ServerOptions;

class Network {
 public:
  virtual ~Network() = default;
  // Resolves, connects (each address in turn) and, with `tls`, shakes hands. `server_name` is what
  // the certificate must carry.
  virtual Result<std::unique_ptr<Stream>> connect(const Endpoint& to, TlsClientContext* tls,
                                                  const std::string& server_name, Deadline deadline,
                                                  std::stop_token stop) = 0;
  // Shakes hands over a stream this network made without TLS: the inside of a proxy's tunnel.
  virtual Result<std::unique_ptr<Stream>> secure(std::unique_ptr<Stream> plain, TlsClientContext& tls,
                                                 const std::string& server_name, Deadline deadline,
                                                 std::stop_token stop);
  // Binds and serves; the handler outlives the server. This default is the real one, net/server.hpp.
  virtual Result<std::unique_ptr<Server>> serve(ServerOptions options, ServerHandler& handler, Clock& clock);
  virtual Result<std::unique_ptr<Server>> serve_bytes(ServerOptions options, ByteStreamHandler& handler, Clock& clock);
  // This default is the real one, net/datagrams.hpp.
  virtual Result<std::unique_ptr<DatagramSocket>> receive_datagrams(const DatagramOptions& options, Clock& clock);
};

std::unique_ptr<Network> make_system_network(Clock& clock);

}  // namespace rankwire::net
