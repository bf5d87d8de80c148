// Which proxy a destination is reached through, by configuration or by HTTP_PROXY, HTTPS_PROXY and
// NO_PROXY (upper or lower case), as Go programs read them. Private to this room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.hpp"

namespace rankwire::net {

struct Proxy {
  Endpoint endpoint;
  std::string authorization;  // Value of Proxy-Authorization; empty: none. A secret.
};

using VariableLookup = std::function<std::string(const char* name)>;  // Empty: unset.

// "http://[user:password@]host[:port]"; the scheme may be left out. Proxies spoken to by TLS are not
// supported. Messages never hold the text.
Result<Proxy> parse_proxy(std::string_view text);

// Nothing: connect directly. `configured` wins over the environment and knows no exceptions.
Result<std::optional<Proxy>> proxy_for(const Url& destination, std::string_view configured,
                                       const VariableLookup& variable);

// Whether `no_proxy` exempts the host: "*", "example.com" (and below), ".example.com", "host:port",
// addresses and CIDR ranges. Loopback and link-local addresses (metadata services) are always exempt.
bool is_exempt(const Endpoint& endpoint, std::string_view no_proxy);

}  // namespace rankwire::net
