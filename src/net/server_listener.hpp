// Sockets that are bound to a place: listening ones, and those for datagrams. Private to this room.
#pragma once

#include <sys/socket.h>

#include <string>

#include "net/datagrams.hpp"
#include "net/server.hpp"

namespace rankwire::net {

struct Listener {
  int descriptor = -1;
  std::uint16_t port = 0;  // 0 for Unix sockets.
};

Result<Listener> open_listener(const ServerOptions& options);
// Not connected; does not block.
Result<Listener> open_datagram_socket(const DatagramOptions& options);
// "10.1.2.3:40112"; "unix" for what is no address of the network.
std::string text_of(const sockaddr_storage& address);

struct Accepted {
  int descriptor = -1;
  int problem = 0;           // errno when there is no connection; 0: none is waiting.
  std::string peer;          // "10.1.2.3:40112"
  std::int64_t process = 0;  // Of a Unix socket.
};
Accepted accept_connection(int listener);

}  // namespace rankwire::net
