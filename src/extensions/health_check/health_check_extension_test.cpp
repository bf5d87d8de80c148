#include "extensions/health_check/health_check_extension.hpp"

#include <doctest/doctest.h>

#include "base/log.hpp"
#include "config/load.hpp"
#include "net/http_client.hpp"

namespace rankwire::health_check {
namespace {

class TestHost final : public Host {
 public:
  Extension* extension(const config::ComponentId&) override { return nullptr; }
  std::vector<ComponentHealth> health() override { return components; }
  bool is_ready() override { return ready; }

  std::vector<ComponentHealth> components;
  bool ready = true;
};

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

struct Probing {
  explicit Probing(const std::string& more = "") {
    config::Diagnostics diagnostics;
    const auto factory = health_check_factory();
    const auto node = config::parse_yaml("{endpoint: '127.0.0.1:0'" + more + "}", "test", diagnostics);
    const auto config = factory.parse(node, "extensions::health_check", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = factory.create(config, {{"health_check", ""}, environment});
    REQUIRE(made);
    extension = std::move(*made);
    REQUIRE(extension->start(host));
  }
  ~Probing() { extension->stop(Deadline::after(clock, std::chrono::seconds(1))); }

  net::HttpResponse get(const std::string& path, const std::string& method = "GET") {
    net::HttpClientOptions options;
    options.base = *net::Url::parse("http://127.0.0.1:" + std::to_string(log.port));
    net::HttpClient client(std::move(options), *network, clock);
    auto response = client.send({.method = method, .target = path, .headers = {}, .body = {}},
                                Deadline::after(clock, std::chrono::seconds(5)), {});
    REQUIRE(response);
    return *response;
  }

  SystemClock clock;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  std::unique_ptr<Random> random = make_random(1);
  PortLogger log;
  Counters counters;
  Environment environment{clock, *files, *network, *random, log, counters, BufferPool::make(1 << 16)};
  TestHost host;
  std::unique_ptr<Extension> extension;
};

TEST_CASE("a healthy agent answers 200") {
  Probing p;
  const auto response = p.get("/");
  CHECK(response.status == 200);
  CHECK(response.body.find("Server available") != std::string::npos);
}

TEST_CASE("an exporter in trouble shows, with its reason") {
  Probing p;
  p.host.components = {{ComponentKind::receiver, "otlp", {}},
                       {ComponentKind::exporter, "otlp_http/bank", "has \"failed\" for a minute"}};
  const auto response = p.get("/");
  CHECK(response.status == 503);
  CHECK(response.body.find(R"({"component":"exporter otlp_http/bank","problem":"has \"failed\" for a minute"})") !=
        std::string::npos);
  CHECK(response.body.find("receiver") == std::string::npos);
}

TEST_CASE("an agent that is starting or stopping answers 503") {
  Probing p;
  p.host.ready = false;
  CHECK(p.get("/").status == 503);
}

TEST_CASE("path and bodies are as configured") {
  Probing p(", path: /health/status, response_body: {healthy: fine, unhealthy: ill}");
  CHECK(p.get("/health/status").body == "fine");
  CHECK(p.get("/").status == 404);
  CHECK(p.get("/health/status", "POST").status == 405);
  p.host.ready = false;
  CHECK(p.get("/health/status").body == "ill");
}

TEST_CASE("upstream's defaults, and errors for what cannot be served") {
  config::Diagnostics diagnostics;
  const auto factory = health_check_factory();
  const auto printed = factory.print(factory.parse({}, "x", diagnostics), false);
  CHECK(printed.find("endpoint")->text() == "localhost:13133");
  CHECK(printed.find("path")->text() == "/");
  CHECK_FALSE(diagnostics.has_errors());
  factory.parse(config::parse_yaml("{endpoint: nowhere, path: x, grpc: {}}", "test", diagnostics), "x", diagnostics);
  CHECK(diagnostics.all().size() >= 3);
}

}  // namespace
}  // namespace rankwire::health_check
