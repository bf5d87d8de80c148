// The byte stream under a server's connection, never blocking. Private to this room; tests and
// fuzzers put bytes from memory in its place.
#pragma once

#include <memory>
#include <string_view>

#include "net/tls_context.hpp"

namespace rankwire::net {

enum class IoState : std::uint8_t {
  ready,    // As much as asked for; there may be more.
  blocked,  // Nothing more now.
  closed,   // End of the stream, or broken.
};

struct IoResult {
  std::size_t count = 0;
  IoState state = IoState::ready;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoResult read(char* into, std::size_t size) = 0;
  virtual IoResult write(std::string_view bytes) = 0;
  // Tells the peer that nothing more comes; reading goes on.
  virtual void finish_sending() = 0;
  // Bytes that were received and that no event will announce again (inside TLS).
  virtual bool has_buffered() const { return false; }
  // The last read or write waits for the socket to become writable (TLS handshakes).
  virtual bool needs_write() const { return false; }
};

// Both take ownership of the descriptor.
std::unique_ptr<Transport> make_socket_transport(int descriptor);
std::unique_ptr<Transport> make_tls_transport(int descriptor, SslPointer ssl);

}  // namespace rankwire::net
