// Records of the DNS beyond addresses, by the system's resolver (resolv.conf, its servers, its search list).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rankwire::net {

enum class DnsType : std::uint8_t { a, aaaa, srv, mx, ns };

struct DnsRecord {
  std::string host;        // An address, or the name that the record gives, with its last dot.
  std::uint16_t port = 0;  // Of srv.
};

// Blocks as long as the resolver tries (`options timeout:` and `attempts:` of resolv.conf). A name without such
// records, or without any, has none: no error. `unavailable`: no server answered, or one that failed.
Result<std::vector<DnsRecord>> dns_query(const std::string& name, DnsType type);

// The records of this type in an answer. `invalid`: it is none.
Result<std::vector<DnsRecord>> parse_dns_answer(const std::string& name, DnsType type, std::string_view answer);

}  // namespace rankwire::net
