// The addresses of a host, for who wants all of them rather than a connection to one.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace rankwire::net {

// By the system's resolver, with its hosts file: "10.1.2.3", "2001:db8::1". `unavailable`: it does not know the name,
// or not in time.
Result<std::vector<std::string>> host_addresses(const std::string& host, Clock& clock, Deadline deadline,
                                                const std::stop_token& stop);

}  // namespace rankwire::net
