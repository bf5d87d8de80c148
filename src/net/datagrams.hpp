// Datagrams from the network or a Unix socket, as an interface: the simulator sends and loses them here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/network.hpp"

namespace rankwire::net {

struct DatagramOptions {
  Endpoint listen;  // Port 0: the system chooses.
  AddressFamily family = AddressFamily::any;
  std::string unix_path;          // Instead of `listen`.
  std::uint32_t permissions = 0;  // Of the path; 0: as the process makes files.
  Bytes receive_buffer;           // What the kernel keeps for us; 0: its default.
  bool wants_process = false;     // Of Unix sockets: who sent it.
};

struct Datagram {
  std::string_view bytes;    // Valid until the next call.
  std::string_view peer;     // "10.1.2.3:40112"; empty: a Unix socket.
  std::int64_t process = 0;  // 0: not known.
};

// Used by one thread at a time.
class DatagramSocket {
 public:
  virtual ~DatagramSocket() = default;
  virtual std::uint16_t port() const = 0;
  // Waits for at least one, hands over what is there, some at a time. Ends at the deadline (`unavailable`) or when the
  // token is stopped (`cancelled`).
  virtual Result<void> receive(const std::function<void(const Datagram&)>& each, Deadline deadline,
                               const std::stop_token& stop) = 0;
  // Datagrams that the kernel had no room for, since the socket was opened, as far as it has said.
  virtual std::uint64_t lost() const = 0;
};

Result<std::unique_ptr<DatagramSocket>> open_datagrams(const DatagramOptions& options, Clock& clock);

}  // namespace rankwire::net
