// A TLS client stream over a socket. Private to this room.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "net/network.hpp"
#include "net/socket.hpp"

namespace rankwire::net {

// Shakes hands and verifies. `server_name` is what the certificate must carry.
Result<std::unique_ptr<Stream>> open_tls_stream(std::unique_ptr<SocketStream> socket, TlsClientContext& tls,
                                                const std::string& server_name, Deadline deadline,
                                                std::stop_token stop);

}  // namespace rankwire::net
