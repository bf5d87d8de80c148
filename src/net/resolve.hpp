// Host names to addresses, without outlasting a deadline. Private to this room.
#pragma once

#include <sys/socket.h>

#include <stop_token>
#include <vector>

#include "net/network.hpp"

namespace rankwire::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = 0;
};

// In the order to be tried. Literals ("127.0.0.1", "::1") never touch the resolver.
Result<std::vector<Address>> resolve(const Endpoint& endpoint, Clock& clock, Deadline deadline,
                                     const std::stop_token& stop);

}  // namespace rankwire::net
