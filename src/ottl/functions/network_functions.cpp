// IsInCIDR, IsValidLuhn, CommunityID, URL
#include <arpa/inet.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ottl/functions/families.hpp"
#include "ottl/functions/url_parts.hpp"
#include "text/base64.hpp"

namespace rankwire::ottl {
namespace {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  // 4 or 16; an IPv4 address in IPv6 form has 4.

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
};

bool read_address(std::string_view text, Address& to) {
  const std::string terminated(text);
  if (terminated.size() != text.size() || text.size() >= INET6_ADDRSTRLEN) return false;
  if (inet_pton(AF_INET, terminated.c_str(), to.bytes.data()) == 1) return to.size = 4, true;
  if (inet_pton(AF_INET6, terminated.c_str(), to.bytes.data()) != 1) return false;
  to.size = 16;
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(mapped.begin(), mapped.end(), to.bytes.begin())) {
    std::copy(to.bytes.begin() + 12, to.bytes.end(), to.bytes.begin());
    to.size = 4;
  }
  return true;
}

struct Network {
  Address address;
  std::size_t bits = 0;

  bool contains(const Address& other) const {
    if (other.size != address.size) return false;
    for (std::size_t i = 0; i < bits; ++i) {
      const auto mask = static_cast<std::uint8_t>(0x80 >> i % 8);
      if (((address.bytes[i / 8] ^ other.bytes[i / 8]) & mask) != 0) return false;
    }
    return true;
  }
};

bool read_network(std::string_view text, Network& to) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !read_address(text.substr(0, slash), to.address)) return false;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), to.bits);
  if (code != std::errc() || end != digits.data() + digits.size()) return false;
  const bool is_mapped = to.address.size == 4 && text.find(':') != std::string_view::npos;
  if (is_mapped) to.bits = to.bits >= 96 ? to.bits - 96 : 999;
  return to.bits <= to.address.size * 8;
}

std::string not_a_network(std::string_view text) { return "\"" + std::string(text) + "\" is not a network"; }

Result<Run> prepare_is_in_cidr(const Known& known) {
  auto networks = std::make_shared<std::vector<Network>>();
  const bool are_known = known[1] != nullptr;
  if (are_known) {
    const List<Value> texts = known[1]->list();
    for (const Value& item : texts)
      if (!item.is_text() || !read_network(item.text(), networks->emplace_back()))
        return Error(ErrorKind::invalid, not_a_network(item.is_text() ? item.text() : std::string_view()));
  }
  return Run([networks, are_known](Invocation& call, Datum& out) {
    Address address;
    bool is_in = false;
    if (read_address(call.text(0), address)) {
      for (const Network& network : *networks) is_in = is_in || network.contains(address);
      const List<Value> texts = are_known ? List<Value>() : call[1].list();
      for (std::uint32_t i = 0; i < texts.size() && !is_in; ++i) {
        Network network;
        if (!read_network(texts[i].text(), network)) return call.fail("one of the networks is none");
        is_in = network.contains(address);
      }
    }
    out = Value::of(is_in);
    return true;
  });
}

bool is_valid_luhn(Invocation& call, Datum& out) {
  if (call[0].is_nil()) return call.fail("expected digits but got nil");
  int sum = 0;
  bool is_doubled = false, is_any = false;
  const std::string_view text = call.text(0);
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    if (c == ' ') continue;
    if (c < '0' || c > '9') return call.fail("expected nothing but digits and spaces");
    const int digit = (c - '0') * (is_doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    is_doubled = !is_doubled;
    is_any = true;
  }
  out = Value::of(is_any && sum % 10 == 0);
  return true;
}

struct Flow {
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0, seed = 0;
  std::uint8_t protocol = 6;

  // The end with the smaller address, then port, comes first: both directions are one flow.
  void normalise() {
    const bool is_same_kind = source.size == destination.size;
    const int order = source.view().compare(destination.view());
    if (is_same_kind ? order < 0 || (order == 0 && source_port <= destination_port) : source.size < destination.size)
      return;
    std::swap(source, destination);
    std::swap(source_port, destination_port);
  }
  std::string bytes() const {
    std::string all;
    const auto put = [&](std::uint16_t number) {
      all += static_cast<char>(number >> 8);
      all += static_cast<char>(number);
    };
    put(seed);
    all.append(source.view()).append(destination.view());
    all += static_cast<char>(protocol);
    all += '\0';
    put(source_port);
    put(destination_port);
    return all;
  }
};

bool read_port(Invocation& call, std::size_t index, const char* which, std::uint16_t& port) {
  const std::int64_t number = call[index].integer();
  if (number < 0 || number > 65535) return call.fail(std::string("the ") + which + " must be 0 to 65535");
  port = static_cast<std::uint16_t>(number);
  return true;
}

bool read_protocol(Invocation& call, std::uint8_t& protocol) {
  constexpr std::pair<std::string_view, std::uint8_t> known[] = {{"ICMP", 1},  {"TCP", 6},    {"UDP", 17},
                                                                 {"RSVP", 46}, {"ICMP6", 58}, {"SCTP", 132}};
  for (const auto& [name, number] : known)
    if (name == call.text_or(4, "TCP")) return protocol = number, true;
  return call.fail("the protocol is one of ICMP, TCP, UDP, RSVP, ICMP6, SCTP");
}

bool community_id(Invocation& call, Datum& out) {
  Flow flow;
  if (!read_address(call.text(0), flow.source)) return call.fail("the source is not an IP address");
  if (!read_address(call.text(2), flow.destination)) return call.fail("the destination is not an IP address");
  if (!read_port(call, 1, "source port", flow.source_port) ||
      !read_port(call, 3, "destination port", flow.destination_port) || !read_protocol(call, flow.protocol) ||
      (call.has(5) && !read_port(call, 5, "seed", flow.seed)))
    return false;
  flow.normalise();
  const std::string bytes = flow.bytes();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha1(), nullptr) != 1)
    return call.fail("this machine's OpenSSL does not allow SHA-1");
  const std::string_view id = text::encode_base64({reinterpret_cast<const char*>(digest), size}, {}, call.arena());
  out = Value::of(call.arena().copy("1:" + std::string(id)));
  return true;
}

bool url(Invocation& call, Datum& out) {
  Attributes parts;
  if (const char* why = read_url(call.text(0), call.arena(), parts)) return call.fail(why);
  out = Value::of(parts);
  return true;
}

}  // namespace

void add_network_functions(FunctionTable& table) {
  table.add({.name = "IsInCIDR",
             .parameters = {{"target", Want::text}, {"networks", Want::texts}},
             .result = Type::boolean,
             .prepare = prepare_is_in_cidr});
  table.add({.name = "IsValidLuhn",
             .parameters = {{"target", Want::text_like}},
             .result = Type::boolean,
             .run = is_valid_luhn});
  table.add({.name = "CommunityID",
             .parameters = {{"source_ip", Want::text},
                            {"source_port", Want::integer},
                            {"destination_ip", Want::text},
                            {"destination_port", Want::integer},
                            optional({"protocol", Want::text}),
                            optional({"seed", Want::integer})},
             .result = Type::text,
             .run = community_id});
  table.add({.name = "URL", .parameters = {{"uri", Want::text}}, .result = Type::map, .run = url});
}

}  // namespace rankwire::ottl
