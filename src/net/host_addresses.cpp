#include "net/host_addresses.hpp"

#include <netdb.h>

#include "net/resolve.hpp"

namespace rankwire::net {

Result<std::vector<std::string>> host_addresses(const std::string& host, Clock& clock, Deadline deadline,
                                                const std::stop_token& stop) {
  const auto found = resolve({host, 0}, clock, deadline, stop);
  if (!found) return found.error();
  std::vector<std::string> addresses;
  for (const Address& address : *found) {
    char text[NI_MAXHOST] = {};
    const auto* any = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::getnameinfo(any, address.size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  return addresses;
}

}  // namespace rankwire::net
