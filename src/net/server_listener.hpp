// A listening socket. Private to this room.
#pragma once

#include <string>

#include "net/server.hpp"

namespace rankwire::net {

struct Listener {
  int descriptor = -1;
  std::uint16_t port = 0;  // 0 for Unix sockets.
};

Result<Listener> open_listener(const ServerOptions& options);

struct Accepted {
  int descriptor = -1;
  int problem = 0;   // errno when there is no connection; 0: none is waiting.
  std::string peer;  // "10.1.2.3:40112"
};
Accepted accept_connection(int listener);

}  // namespace rankwire::net
