// URLs and the choice of a proxy.
#include <doctest/doctest.h>

#include "net/http_client.hpp"
#include "net/proxy.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;

TEST_CASE("a URL is split into scheme, endpoint and target") {
  const auto url = Url::parse("HTTPS://collector.example/base/path?tenant=a#part");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->endpoint.host == "collector.example");
  CHECK(url->endpoint.port == 443);
  CHECK(url->target == "/base/path?tenant=a");
  CHECK(Url::parse("http://h")->target == "/");
  CHECK(Url::parse("http://h")->endpoint.port == 80);
  CHECK(Url::parse("http://h?x")->target == "/?x");
}

TEST_CASE("IPv6 literals keep their brackets in text only") {
  const auto url = Url::parse("http://[::1]:4318/v1/logs");
  REQUIRE(url);
  CHECK(url->endpoint.host == "::1");
  CHECK(url->endpoint.port == 4318);
  CHECK(url->endpoint.text() == "[::1]:4318");
}

TEST_CASE("what is not a URL is refused without being repeated") {
  for (const std::string_view text :
       {"", "host:4318", "ftp://h", "http://", "http://h:0", "http://h:65536", "http://h:x", "http://[::1",
        "http://[::1]x", "http://h /", "http://h\r\n", "http://secret:word@h/"}) {
    CAPTURE(text);
    const auto url = Url::parse(text);
    REQUIRE(!url);
    CHECK(url.error().kind() == ErrorKind::invalid);
    CHECK(url.error().message().find("secret") == std::string::npos);
  }
}

TEST_CASE("NO_PROXY exempts names, suffixes, ports, addresses and ranges") {
  const auto exempt = [](std::string host, std::string_view list, std::uint16_t port = 80) {
    return is_exempt({std::move(host), port}, list);
  };
  CHECK(exempt("a.example.com", "other, example.com"));
  CHECK(exempt("example.com", "example.com"));
  CHECK(!exempt("badexample.com", "example.com"));
  CHECK(!exempt("example.com", ".example.com"));
  CHECK(exempt("a.example.com", "*.example.com"));
  CHECK(exempt("example.com", "example.com:80"));
  CHECK(!exempt("example.com", "example.com:81"));
  CHECK(exempt("10.1.2.3", "10.0.0.0/8"));
  CHECK(!exempt("11.1.2.3", "10.0.0.0/8"));
  CHECK(exempt("fd00::1", "fd00::/8"));
  CHECK(exempt("anything", "*"));
  CHECK(exempt("localhost", ""));
  CHECK(exempt("127.0.0.9", ""));
  CHECK(exempt("169.254.169.254", ""));
  CHECK(exempt("fd00:ec2::254", ""));
  CHECK(!exempt("example.com", ""));
}

TEST_CASE("the proxy of the environment depends on the scheme, and configuration wins") {
  const VariableLookup variables = [](const char* name) -> std::string {
    if (std::string_view(name) == "HTTPS_PROXY") return "secure.example:3128";
    if (std::string_view(name) == "http_proxy") return "http://plain.example";
    if (std::string_view(name) == "NO_PROXY") return "internal";
    return "";
  };
  const auto host_for = [&](std::string_view url, std::string_view configured) {
    const auto proxy = proxy_for(*Url::parse(url), configured, variables);
    return proxy && *proxy ? (*proxy)->endpoint.text() : std::string();
  };
  CHECK(host_for("https://a", "") == "secure.example:3128");
  CHECK(host_for("http://a", "") == "plain.example:80");
  CHECK(host_for("http://internal", "") == "");
  CHECK(host_for("http://internal", "http://mine:1") == "mine:1");
  CHECK(!proxy_for(*Url::parse("http://a"), "https://u:secret@p", variables));
}

}  // namespace
