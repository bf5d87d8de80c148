// Listening sockets: TCP on one address or on all of both families, and Unix sockets.
#include "net/server_listener.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace rankwire::net {

namespace {

constexpr int backlog = 1024;

Error listen_error(const std::string& where) {
  const ErrorKind kind = errno == EACCES ? ErrorKind::denied : ErrorKind::unavailable;
  return Error(kind, "cannot listen on " + where + ": " + std::strerror(errno));
}

void set_flag(int descriptor, int level, int name, int value) {
  ::setsockopt(descriptor, level, name, &value, sizeof(value));
}

// `type`: SOCK_STREAM or SOCK_DGRAM. Accepted sockets inherit the options.
int bind_to(const sockaddr* address, socklen_t size, int type) {
  const int descriptor = ::socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const bool is_stream = type == SOCK_STREAM;
  if (address->sa_family == AF_INET6) set_flag(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (is_stream && address->sa_family != AF_UNIX) {
    set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    set_flag(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  if (::bind(descriptor, address, size) == 0 && (!is_stream || ::listen(descriptor, backlog) == 0)) return descriptor;
  const int problem = errno;
  ::close(descriptor);
  errno = problem;
  return -1;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  const bool is_v6 = address.ss_family == AF_INET6;
  return ntohs(is_v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                     : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

Result<Listener> open_unix(const std::string& path, std::uint32_t permissions, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Error(ErrorKind::invalid, "socket path is too long: " + path);
  path.copy(address.sun_path, path.size());
  const bool is_abstract = path.starts_with('@');
  if (is_abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  if (!is_abstract) ::unlink(path.c_str());  // A leftover of a process that was killed.
  const int descriptor = bind_to(reinterpret_cast<const sockaddr*>(&address), size, type);
  if (descriptor < 0) return listen_error(path);
  if (!is_abstract && permissions != 0 && ::chmod(path.c_str(), permissions) != 0) {
    ::close(descriptor);
    return Error(ErrorKind::denied, "cannot set the permissions of " + path + ": " + std::strerror(errno));
  }
  return Listener{.descriptor = descriptor};
}

}  // namespace

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return "unix";
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const std::string port = ":" + std::to_string(ntohs(v6.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof(text));
    return text + port;
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  return "[" + std::string(text) + "]" + port;
}

namespace {

Result<Listener> open_at(const Endpoint& place, AddressFamily family, int type) {
  const std::string port = std::to_string(place.port);
  const std::string where = place.host + ":" + port;
  addrinfo hints{};
  hints.ai_family = family == AddressFamily::v4 ? AF_INET : family == AddressFamily::v6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int problem =
          ::getaddrinfo(place.host.empty() ? nullptr : place.host.c_str(), port.c_str(), &hints, &found)) {
    return Error(ErrorKind::invalid, "cannot listen on " + where + ": " + ::gai_strerror(problem));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  // As Go: a name means its IPv4 address if it has one, no name means every address of both families.
  const int preferred = place.host.empty() ? AF_INET6 : AF_INET;
  int descriptor = -1;
  for (const bool is_preferred : {true, false}) {
    for (const addrinfo* one = found; one && descriptor < 0; one = one->ai_next) {
      if ((one->ai_family == preferred) == is_preferred) descriptor = bind_to(one->ai_addr, one->ai_addrlen, type);
    }
  }
  if (descriptor < 0) return listen_error(where);
  return Listener{.descriptor = descriptor, .port = port_of(descriptor)};
}

}  // namespace

Result<Listener> open_listener(const ServerOptions& options) {
  if (options.unix_path.empty()) return open_at(options.listen, options.family, SOCK_STREAM);
  return open_unix(options.unix_path, options.unix_permissions, SOCK_STREAM);
}

Result<Listener> open_datagram_socket(const DatagramOptions& options) {
  if (options.unix_path.empty()) return open_at(options.listen, options.family, SOCK_DGRAM);
  return open_unix(options.unix_path, options.permissions, SOCK_DGRAM);
}

Accepted accept_connection(int listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const int descriptor =
      ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return {.problem = errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno};
  Accepted accepted{.descriptor = descriptor, .peer = text_of(address)};
  if (address.ss_family != AF_UNIX) return accepted;
  ucred credentials{};
  socklen_t credentials_size = sizeof credentials;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_size) == 0)
    accepted.process = credentials.pid;
  return accepted;
}

}  // namespace rankwire::net
