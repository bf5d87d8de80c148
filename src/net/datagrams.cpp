// recvmmsg: many datagrams a call. The kernel says with each how many it has lost (SO_RXQ_OVFL), and who sent it.
#include "net/datagrams.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/server_listener.hpp"
#include "net/socket.hpp"

namespace rankwire::net {
namespace {

constexpr std::size_t at_once = 32;
constexpr std::size_t datagram_bytes_max = 64 << 10;  // More than UDP can carry.
constexpr int rounds_max = 16;                        // Before the caller is asked again whether to go on.

class SystemDatagrams final : public DatagramSocket {
 public:
  SystemDatagrams(Descriptor socket, std::uint16_t port, std::string unix_path, Clock& clock)
      : socket_(std::move(socket)),
        port_(port),
        unix_path_(std::move(unix_path)),
        waiter_(clock),
        bytes_(new char[at_once * datagram_bytes_max]) {}  // Touched as far as it is used.
  ~SystemDatagrams() override {
    if (!unix_path_.empty() && unix_path_[0] != '@') ::unlink(unix_path_.c_str());
  }

  std::uint16_t port() const override { return port_; }
  std::uint64_t lost() const override { return lost_; }
  Result<void> receive(const std::function<void(const Datagram&)>& each, Deadline deadline,
                       const std::stop_token& stop) override;

 private:
  struct Slot {
    iovec bytes;
    sockaddr_storage from;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(std::uint32_t))];
  };

  int receive_some(mmsghdr (&messages)[at_once]);
  void read_control(msghdr& head, Datagram& to);
  std::string_view peer_of(const sockaddr_storage& from);

  const Descriptor socket_;
  const std::uint16_t port_;
  const std::string unix_path_;
  Waiter waiter_;
  const std::unique_ptr<char[]> bytes_;
  Slot slots_[at_once]{};
  std::uint64_t lost_ = 0;
  std::uint32_t lost_said_ = 0;  // By the kernel, whose count wraps around.
  // Of the last datagram: senders send many in a row.
  sockaddr_storage last_from_{};
  std::string last_peer_;
};

int SystemDatagrams::receive_some(mmsghdr (&messages)[at_once]) {
  for (std::size_t i = 0; i < at_once; ++i) {
    Slot& slot = slots_[i];
    slot.bytes = {bytes_.get() + i * datagram_bytes_max, datagram_bytes_max};
    msghdr& head = messages[i].msg_hdr;
    head = {};
    head.msg_name = &slot.from;
    head.msg_namelen = sizeof slot.from;
    head.msg_iov = &slot.bytes;
    head.msg_iovlen = 1;
    head.msg_control = slot.control;
    head.msg_controllen = sizeof slot.control;
  }
  return ::recvmmsg(socket_.get(), messages, at_once, MSG_DONTWAIT, nullptr);
}

void SystemDatagrams::read_control(msghdr& head, Datagram& to) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&head); one != nullptr; one = CMSG_NXTHDR(&head, one)) {
    if (one->cmsg_level != SOL_SOCKET) continue;
    if (one->cmsg_type == SCM_CREDENTIALS) {
      ucred sender;
      std::memcpy(&sender, CMSG_DATA(one), sizeof sender);
      to.process = sender.pid;
    } else if (one->cmsg_type == SO_RXQ_OVFL) {
      std::uint32_t said = 0;
      std::memcpy(&said, CMSG_DATA(one), sizeof said);
      lost_ += said - lost_said_;
      lost_said_ = said;
    }
  }
}

std::string_view SystemDatagrams::peer_of(const sockaddr_storage& from) {
  if (from.ss_family != AF_INET && from.ss_family != AF_INET6) return {};
  if (std::memcmp(&from, &last_from_, sizeof from) != 0) {
    last_from_ = from;
    last_peer_ = text_of(from);
  }
  return last_peer_;
}

Result<void> SystemDatagrams::receive(const std::function<void(const Datagram&)>& each, Deadline deadline,
                                      const std::stop_token& stop) {
  mmsghdr messages[at_once];
  for (int round = 0; round < rounds_max; ++round) {
    int count = receive_some(messages);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (round != 0) return {};
      if (auto ready = waiter_.wait(socket_.get(), POLLIN, deadline, stop); !ready) return std::move(ready).error();
      continue;
    }
    if (count < 0) return system_error("receiving datagrams", errno);
    for (int i = 0; i < count; ++i) {
      const Slot& slot = slots_[i];
      Datagram datagram{.bytes = {static_cast<const char*>(slot.bytes.iov_base), messages[i].msg_len}, .peer = {}};
      read_control(messages[i].msg_hdr, datagram);
      datagram.peer = peer_of(slot.from);
      each(datagram);
    }
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped");
  }
  return {};
}

void set_option(int socket, int name, int value) { ::setsockopt(socket, SOL_SOCKET, name, &value, sizeof value); }

}  // namespace

Result<std::unique_ptr<DatagramSocket>> open_datagrams(const DatagramOptions& options, Clock& clock) {
  auto bound = open_datagram_socket(options);
  if (!bound) return std::move(bound).error();
  Descriptor socket(bound->descriptor);
  set_option(socket.get(), SO_RXQ_OVFL, 1);
  if (options.wants_process) set_option(socket.get(), SO_PASSCRED, 1);
  if (options.receive_buffer.count != 0) {
    const int size = static_cast<int>(options.receive_buffer.count);
    // Beyond the system's limit only for who may.
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
      set_option(socket.get(), SO_RCVBUF, size);
  }
  return std::unique_ptr<DatagramSocket>(
      std::make_unique<SystemDatagrams>(std::move(socket), bound->port, options.unix_path, clock));
}

}  // namespace rankwire::net
