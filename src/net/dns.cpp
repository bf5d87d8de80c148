#include "net/dns.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <memory>

namespace rankwire::net {
namespace {

constexpr std::size_t answer_bytes_max = 64 << 10;

ns_type number_of(DnsType type) {
  switch (type) {
    case DnsType::a: return ns_t_a;
    case DnsType::aaaa: return ns_t_aaaa;
    case DnsType::mx: return ns_t_mx;
    case DnsType::ns: return ns_t_ns;
    case DnsType::srv: break;
  }
  return ns_t_srv;
}

struct CloseResolver {
  void operator()(res_state state) const {
    ::res_nclose(state);
    delete state;
  }
};

// What stands in front of the name of a host, in bytes.
std::size_t prefix_of(DnsType type) { return type == DnsType::srv ? 6 : type == DnsType::mx ? 2 : 0; }

bool read(const ns_msg& message, const ns_rr& record, DnsType type, DnsRecord& to) {
  const unsigned char* const data = ns_rr_rdata(record);
  const std::size_t size = ns_rr_rdlen(record);
  if (type == DnsType::a || type == DnsType::aaaa) {
    const bool is_v4 = type == DnsType::a;
    char text[INET6_ADDRSTRLEN];
    if (size != (is_v4 ? 4u : 16u) || ::inet_ntop(is_v4 ? AF_INET : AF_INET6, data, text, sizeof text) == nullptr)
      return false;
    to.host = text;
    return true;
  }
  const std::size_t prefix = prefix_of(type);
  char name[NS_MAXDNAME];
  if (size <= prefix ||
      ::ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), data + prefix, name, sizeof name) < 0)
    return false;
  to.host = name;
  if (!to.host.ends_with('.')) to.host += '.';
  if (type == DnsType::srv) to.port = static_cast<std::uint16_t>(data[4] << 8 | data[5]);
  return true;
}

}  // namespace

Result<std::vector<DnsRecord>> parse_dns_answer(const std::string& name, DnsType type, std::string_view answer) {
  const Error wrong(ErrorKind::invalid, "the answer for " + name + " is no DNS message");
  ns_msg message;
  if (::ns_initparse(reinterpret_cast<const unsigned char*>(answer.data()), static_cast<int>(answer.size()),
                     &message) != 0)
    return wrong;
  std::vector<DnsRecord> records;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) return wrong;
    if (ns_rr_type(record) != number_of(type)) continue;  // Of an alias on the way.
    DnsRecord found;
    if (!read(message, record, type, found)) return wrong;
    records.push_back(std::move(found));
  }
  return records;
}

Result<std::vector<DnsRecord>> dns_query(const std::string& name, DnsType type) {
  const std::unique_ptr<struct __res_state, CloseResolver> resolver(new struct __res_state());
  if (::res_ninit(resolver.get()) != 0) return Error(ErrorKind::unavailable, "the resolver cannot be set up");
  std::string answer(answer_bytes_max, '\0');
  const int size = ::res_nsearch(resolver.get(), name.c_str(), ns_c_in, number_of(type),
                                 reinterpret_cast<unsigned char*>(answer.data()), static_cast<int>(answer.size()));
  if (size < 0) {
    const int why = resolver->res_h_errno;
    if (why == HOST_NOT_FOUND || why == NO_DATA) return std::vector<DnsRecord>();
    return Error(ErrorKind::unavailable, "looking up " + name + ": " + ::hstrerror(why));
  }
  return parse_dns_answer(name, type, std::string_view(answer).substr(0, static_cast<std::size_t>(size)));
}

}  // namespace rankwire::net
