#include "extensions/zpages/zpages_extension.hpp"

#include <doctest/doctest.h>

#include "component/authentication.hpp"
#include "testing/page_fixture.hpp"

namespace rankwire::zpages {
namespace {

class Doorkeeper final : public Extension, public ServerAuthenticator {
 public:
  Result<net::Headers> authenticate(const net::RequestHead& head) override {
    if (head.header("x-key") == "k") return net::Headers{};
    return Error(ErrorKind::denied, "who are you?");
  }
  std::string challenge() const override { return "Test"; }
};

class TestHost final : public Host {
 public:
  Extension* extension(const config::ComponentId& id) override { return id.type == "door" ? keeper : nullptr; }
  std::vector<ComponentHealth> health() override { return components; }
  bool is_ready() override { return ready; }

  std::vector<ComponentHealth> components;
  bool ready = true;
  Extension* keeper = nullptr;
};

struct Fixture : testing::PageFixture {
  Fixture() : PageFixture(zpages_factory()) {}
  TestHost host;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(Fixture, "the pages say whether the agent is ready, what runs and what is wrong, as text") {
  host.components = {{ComponentKind::receiver, "otlp", {}},
                     {ComponentKind::exporter, "otlp_http/bank", "says <script>&\""}};
  start(host);
  CHECK(has(get("/debug/servicez").body, "<td>ready</td><td>yes</td>"));
  CHECK(has(get("/").body, "href=\"/debug/pipelinez\""));
  host.ready = false;
  CHECK(has(get("/debug/servicez").body, "<td>ready</td><td>no</td>"));
  const auto pipelines = get("/debug/pipelinez");
  CHECK(has(pipelines.header("content-type"), "text/html"));
  CHECK(has(pipelines.body, "<td>receiver</td><td>otlp</td><td>healthy</td>"));
  CHECK(has(pipelines.body, "<td>otlp_http/bank</td><td>says &lt;script&gt;&amp;&quot;</td>"));
  for (const char* path : {"/debug/extensionz", "/debug/featurez", "/debug/tracez"}) CHECK(get(path).status == 200);
  CHECK(get("/debug/nothing").status == 404);
  CHECK(get("/debug/servicez", "POST").status == 405);
}

TEST_CASE_FIXTURE(Fixture, "with auth only those see them whom the extension lets in") {
  start(host, ", auth: {authenticator: door}");
  CHECK(get("/debug/servicez").status == 503);
  Doorkeeper keeper;
  host.keeper = &keeper;
  CHECK(get("/debug/servicez").status == 401);
  CHECK(get("/debug/servicez", "GET", {{"X-Key", "k"}}).status == 200);
}

TEST_CASE("upstream's endpoint is the default") {
  config::Diagnostics diagnostics;
  const auto factory = zpages_factory();
  const auto printed = factory.print(factory.parse({}, "x", diagnostics), false);
  CHECK(printed.find("endpoint")->text() == "localhost:55679");
  CHECK_FALSE(diagnostics.has_errors());
  factory.parse(config::parse_yaml("{expvar: {enabled: true}}", "test", diagnostics), "x", diagnostics);
  CHECK(diagnostics.all().size() == 1);
}

}  // namespace
}  // namespace rankwire::zpages
