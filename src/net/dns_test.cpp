#include "net/dns.hpp"

#include <doctest/doctest.h>

namespace rankwire::net {
namespace {

std::string number(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 255)}; }

std::string name(std::initializer_list<std::string_view> parts) {
  std::string bytes;
  for (const std::string_view part : parts) bytes += static_cast<char>(part.size()) + std::string(part);
  return bytes + '\0';
}

constexpr unsigned a = 1, ns = 2, cname = 5, mx = 15, aaaa = 28, srv = 33;

std::string record(unsigned type, const std::string& data) {
  // The name is that of the question, the class IN, the time to live a minute.
  return std::string("\xc0\x0c", 2) + number(type) + number(1) + number(0) + number(60) +
         number(static_cast<unsigned>(data.size())) + data;
}

std::string answer(std::initializer_list<std::string> records) {
  std::string bytes = number(1) + number(0x8180) + number(1) + number(static_cast<unsigned>(records.size())) +
                      number(0) + number(0) + name({"svc", "example"}) + number(srv) + number(1);
  for (const std::string& one : records) bytes += one;
  return bytes;
}

std::string read(DnsType type, const std::string& bytes) {
  const auto records = parse_dns_answer("svc.example", type, bytes);
  if (!records) return "error: " + records.error().message();
  std::string text;
  for (const DnsRecord& one : *records)
    text += (text.empty() ? "" : " ") + one.host + (one.port != 0 ? ":" + std::to_string(one.port) : "");
  return text;
}

}  // namespace

TEST_CASE("records of a type, without aliases on the way") {
  const std::string host = name({"node-1", "example"});
  CHECK(read(DnsType::srv, answer({record(srv, number(1) + number(2) + number(9100) + host),
                                   record(srv, number(1) + number(2) + number(9101) + name({"b"}))})) ==
        "node-1.example.:9100 b.:9101");
  CHECK(read(DnsType::a, answer({record(cname, host), record(a, std::string("\x0a\x00\x00\x01", 4))})) == "10.0.0.1");
  CHECK(read(DnsType::aaaa, answer({record(aaaa, std::string(15, '\0') + '\x01')})) == "::1");
  CHECK(read(DnsType::mx, answer({record(mx, number(10) + host)})) == "node-1.example.");
  CHECK(read(DnsType::ns, answer({record(ns, host)})) == "node-1.example.");
  CHECK(read(DnsType::a, answer({})).empty());
}

TEST_CASE("what is no answer is an error") {
  CHECK(read(DnsType::a, "").starts_with("error"));
  CHECK(read(DnsType::a, answer({record(a, "123")})).starts_with("error"));
  CHECK(read(DnsType::srv, answer({record(srv, number(1) + number(2))})).starts_with("error"));
  CHECK(read(DnsType::ns, answer({record(ns, "\xc0\xff")})).starts_with("error"));
  const std::string whole = answer({record(a, "1234")});
  CHECK(read(DnsType::a, whole.substr(0, whole.size() - 1)).starts_with("error"));
}

}  // namespace rankwire::net
