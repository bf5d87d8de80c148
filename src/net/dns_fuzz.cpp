// Answers of the DNS: any bytes give records or an error, for each type that can be asked for.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/dns.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rankwire::net::DnsType;
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  for (const DnsType type : {DnsType::a, DnsType::aaaa, DnsType::srv, DnsType::mx, DnsType::ns})
    (void)rankwire::net::parse_dns_answer("name", type, answer);
  return 0;
}
