// An extension that serves pages, on a port of its own choice, and a browser.
#pragma once

#include <doctest/doctest.h>

#include "component/factory.hpp"
#include "config/load.hpp"
#include "net/http_client.hpp"
#include "net/network.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::testing {

// Learns the chosen port from what the extension logs.
class PortLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField> fields) override {
    for (const LogField& field : fields)
      if (field.name == "port") port = static_cast<std::uint16_t>(std::stoi(field.text));
  }
  bool is_enabled(LogLevel) const override { return true; }
  std::uint16_t port = 0;
};

struct PageFixture {
  explicit PageFixture(ExtensionFactory of) : factory(std::move(of)) {}
  ~PageFixture() {
    if (extension) extension->stop(Deadline::after(clock, std::chrono::seconds(1)));
  }

  void start(Host& host, const std::string& more = "") {
    config::Diagnostics diagnostics;
    const auto node = config::parse_yaml("{endpoint: '127.0.0.1:0'" + more + "}", "test", diagnostics);
    const auto config = factory.parse(node, "extensions::" + factory.info.type, diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = factory.create(config, {{factory.info.type, ""}, environment});
    REQUIRE(made);
    extension = std::move(*made);
    const auto started = extension->start(host);
    REQUIRE_MESSAGE(started, started.error().message());
  }

  net::HttpResponse get(const std::string& path, const std::string& method = "GET", net::Headers headers = {}) {
    net::HttpClientOptions options;
    options.base = *net::Url::parse("http://127.0.0.1:" + std::to_string(log.port));
    net::HttpClient client(std::move(options), *network, clock);
    auto response = client.send({.method = method, .target = path, .headers = std::move(headers), .body = {}},
                                Deadline::after(clock, std::chrono::seconds(5)), {});
    REQUIRE(response);
    return *response;
  }

  TestEnvironment test;
  SystemClock clock;
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  PortLogger log;
  Environment environment{clock, *test.files, *network, *test.random, log, test.counters, test.buffers};
  ExtensionFactory factory;
  std::unique_ptr<Extension> extension;
};

}  // namespace rankwire::testing
