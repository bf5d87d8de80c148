// Connections of the operating system: resolve, connect to each address in turn, shake hands.
#include "net/network.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "net/datagrams.hpp"
#include "net/resolve.hpp"
#include "net/server.hpp"
#include "net/socket.hpp"
#include "net/tls_stream.hpp"

namespace rankwire::net {

namespace {

Result<std::unique_ptr<SocketStream>> connect_to(const Address& address, Clock& clock, Deadline deadline,
                                                 const std::stop_token& stop) {
  Descriptor socket(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.get() < 0) return system_error("making a socket", errno);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A peer that vanished without a word is noticed even on an idle connection.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int outcome = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  if (outcome != 0 && errno != EINPROGRESS && errno != EINTR) return system_error("connecting", errno);
  auto stream = std::make_unique<SocketStream>(std::move(socket), clock);
  if (outcome != 0) {
    if (auto ready = stream->wait(POLLOUT, deadline, stop); !ready)
      return std::move(ready).error().during("connecting");
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(stream->descriptor(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return system_error("connecting", code);
  }
  return stream;
}

// So that one dead address does not use up the time of those behind it.
Deadline share_of(Deadline deadline, const Clock& clock, std::size_t addresses_left) {
  constexpr Duration attempt_max = std::chrono::seconds(30);
  if (addresses_left <= 1) return deadline;
  const Instant now = clock.now();
  if (deadline.at == Instant::max() || deadline.at - now > attempt_max * addresses_left) return {now + attempt_max};
  return {now + (deadline.at - now) / static_cast<std::int64_t>(addresses_left)};
}

class SystemNetwork final : public Network {
 public:
  explicit SystemNetwork(Clock& clock) : clock_(clock) {}

  Result<std::unique_ptr<Stream>> connect(const Endpoint& to, TlsClientContext* tls, const std::string& server_name,
                                          Deadline deadline, std::stop_token stop) override {
    auto addresses = resolve(to, clock_, deadline, stop);
    if (!addresses) return std::move(addresses).error();
    Error last(ErrorKind::unavailable, "connecting to " + to.text() + ": no address");
    for (std::size_t i = 0; i < addresses->size(); ++i) {
      auto socket = connect_to((*addresses)[i], clock_, share_of(deadline, clock_, addresses->size() - i), stop);
      if (socket)
        return tls == nullptr ? std::move(*socket) : secure(std::move(*socket), *tls, server_name, deadline, stop);
      last = std::move(socket).error().during(to.text());
      if (last.kind() == ErrorKind::cancelled || deadline.has_passed(clock_)) break;
    }
    return last;
  }

  Result<std::unique_ptr<Stream>> secure(std::unique_ptr<Stream> plain, TlsClientContext& tls,
                                         const std::string& server_name, Deadline deadline,
                                         std::stop_token stop) override {
    auto* socket = dynamic_cast<SocketStream*>(plain.get());
    if (socket == nullptr) return Error(ErrorKind::invalid, "TLS needs a plain stream of the same network");
    plain.release();
    return open_tls_stream(std::unique_ptr<SocketStream>(socket), tls, server_name, deadline, std::move(stop));
  }

 private:
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Stream>> Network::secure(std::unique_ptr<Stream>, TlsClientContext&, const std::string&,
                                                Deadline, std::stop_token) {
  return Error(ErrorKind::invalid, "this network cannot add TLS to an open stream");
}

Result<std::unique_ptr<Server>> Network::serve(ServerOptions options, ServerHandler& handler, Clock& clock) {
  return Server::start(std::move(options), handler, clock);
}

Result<std::unique_ptr<Server>> Network::serve_bytes(ServerOptions options, ByteStreamHandler& handler, Clock& clock) {
  return Server::start(std::move(options), handler, clock);
}

Result<std::unique_ptr<DatagramSocket>> Network::receive_datagrams(const DatagramOptions& options, Clock& clock) {
  return open_datagrams(options, clock);
}

std::unique_ptr<Network> make_system_network(Clock& clock) { return std::make_unique<SystemNetwork>(clock); }

}  // namespace rankwire::net
