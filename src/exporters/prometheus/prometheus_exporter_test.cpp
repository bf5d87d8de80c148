// Batches in, pages over HTTP out.
#include "exporters/prometheus/prometheus_exporter.hpp"

#include <doctest/doctest.h>

#include "component/outgoing.hpp"
#include "config/load.hpp"
#include "exporters/prometheus/page_format.hpp"
#include "net/compression.hpp"
#include "testing/metric_batches.hpp"
#include "testing/page_fixture.hpp"

namespace rankwire::prometheus_page {
namespace {

using testing::MetricBatchBuilder;

constexpr std::uint64_t second = 1'000'000'000;

class NoExtensions final : public Host {
 public:
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

// An exporter on a port of its own choice, the clock of the test, and a scraper.
struct Scraping {
  explicit Scraping(const std::string& more = "") {
    config::Diagnostics diagnostics;
    const auto factory = prometheus_page_factory();
    const auto node = config::parse_yaml("{endpoint: '127.0.0.1:0'" + more + "}", "test", diagnostics);
    const auto config = factory.parse(node, "exporters::prometheus", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = factory.create(config, {{"prometheus", ""}, environment});
    REQUIRE(made);
    exporter = std::move(*made);
    REQUIRE(exporter->start(host));
  }
  ~Scraping() { exporter->stop(Deadline::after(clock, std::chrono::seconds(5))); }

  Receipt send(MetricBatchBuilder& builder) {
    const SignalBatch batch = builder.take();
    OutgoingBatch outgoing(batch);
    auto receipt = exporter->send(outgoing, {});
    REQUIRE(receipt);
    return *receipt;
  }

  net::HttpResponse get(net::Headers headers = {}, const std::string& path = "/metrics") {
    net::HttpClientOptions options;
    options.base = *net::Url::parse("http://127.0.0.1:" + std::to_string(log.port));
    net::HttpClient client(std::move(options), *network, clock);
    auto response = client.send({.method = "GET", .target = path, .headers = std::move(headers), .body = {}},
                                Deadline::after(clock, std::chrono::seconds(30)), {});
    REQUIRE(response);
    return *response;
  }
  std::string page(const char* accept = "") { return std::string(get({{"Accept", accept}}).body); }

  testing::TestEnvironment test;
  SystemClock clock;
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  testing::PortLogger log;
  NoExtensions host;
  // Series expire by the clock of the test; the server has the system's.
  Environment environment{test.clock, *test.files, *network, *test.random, log, test.counters, test.buffers};
  std::unique_ptr<Exporter> exporter;
};

constexpr const char* open_metrics = "application/openmetrics-text;version=1.0.0";

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE("a page has every kind of metric, with its head once") {
  Scraping p;
  MetricBatchBuilder batch;
  batch.gauge("gpu.temperature").unit("Cel").point(61.5, {{"gpu", "0"}}, 0, second);
  batch.current().description = "Of the \"die\"\\.";
  batch.point(62, {{"gpu", "1\n\""}}, 0, second);
  batch.counter("steps").point(42, {}, 0, second);
  batch.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1, 2, 3}, 9.5, {}, 0, second);
  batch.metric("e", MetricType::exponential_histogram, Temporality::cumulative)
      .exponential(0, 1, {2, 3}, 12, {}, 0, second);
  batch.metric("s", MetricType::summary).summary(4, 8, {}, 0, second);
  batch.current().summaries[0].quantiles.push(batch.arena(), {0.99, 7});
  CHECK(p.send(batch).rejected == 0);
  CHECK(p.page() ==
        "# TYPE e histogram\n"
        "e_bucket{le=\"+Inf\"} 5\ne_sum 12\ne_count 5\n"
        "# HELP gpu_temperature_celsius Of the \"die\"\\\\.\n# TYPE gpu_temperature_celsius gauge\n"
        "gpu_temperature_celsius{gpu=\"0\"} 61.5\ngpu_temperature_celsius{gpu=\"1\\n\\\"\"} 62\n"
        "# TYPE h histogram\n"
        "h_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 6\nh_sum 9.5\nh_count 6\n"
        "# TYPE s summary\ns{quantile=\"0.99\"} 7\ns_sum 8\ns_count 4\n"
        "# TYPE steps_total counter\nsteps_total 42\n");
}

TEST_CASE("OpenMetrics is for those who ask, where it is enabled; it has exemplars, units and times in seconds") {
  Scraping p(", enable_open_metrics: true, send_timestamps: true");
  MetricBatchBuilder batch;
  batch.resource({{"service.name", "a"}, {"region", "eu"}});
  batch.counter("io").unit("By").point(5, {}, 0, 1'500'000'000);
  Exemplar exemplar;
  exemplar.time_unix_nanos = second;
  exemplar.value.type = NumberType::integer;
  exemplar.value.integer = 2;
  exemplar.trace_id.bytes[0] = 1;
  batch.current().numbers[0].exemplars.push(batch.arena(), exemplar);
  batch.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1, 2}, 9.5, {}, 0, second);
  batch.current().histograms[0].exemplars.push(batch.arena(), exemplar);
  p.send(batch);
  const auto response = p.get({{"Accept", open_metrics}});
  CHECK(response.header("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8");
  const std::string trace = "01" + std::string(30, '0');
  CHECK(response.body ==
        "# TYPE h histogram\n"
        "h_bucket{job=\"a\",le=\"1.0\"} 1 1.000\n"
        "h_bucket{job=\"a\",le=\"+Inf\"} 3 1.000 # {trace_id=\"" +
            trace +
            "\"} 2 1.000\n"
            "h_sum{job=\"a\"} 9.5 1.000\nh_count{job=\"a\"} 3 1.000\n"
            "# TYPE io_bytes counter\n# UNIT io_bytes bytes\n"
            "io_bytes_total{job=\"a\"} 5 1.500 # {trace_id=\"" +
            trace +
            "\"} 2 1.000\n"
            "# HELP target Target metadata\n# TYPE target info\ntarget_info{job=\"a\",region=\"eu\"} 1 1.500\n# EOF\n");
  CHECK(has(p.page(), "io_bytes_total{job=\"a\"} 5 1500\n"));
  CHECK(has(p.page(), "# TYPE target_info gauge\n"));
  Scraping without;
  CHECK(has(without.get({{"Accept", open_metrics}}).header("content-type"), "text/plain; version=0.0.4"));
}

TEST_CASE("a scraper gets what it likes best of what there is") {
  const auto type = [](const char* accept, bool has_open_metrics = true) {
    return negotiate(accept, has_open_metrics).content_type().substr(0, 20);
  };
  CHECK(type("") == "text/plain; version=");
  CHECK(type("image/png") == "text/plain; version=");
  CHECK(type("text/plain;q=0.1, application/openmetrics-text; version=1.0.0; q=0.5") == "application/openmetr");
  CHECK(type("application/openmetrics-text;version=7.0.0,*/*;q=0.1") == "text/plain; version=");
  CHECK(type("application/openmetrics-text;q=0,text/plain;q=0.1") == "text/plain; version=");
  const char* protobuf =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
      "application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1";
  CHECK(type(protobuf) == "application/vnd.goog");
  CHECK(negotiate("text/plain;version=1.0.0;escaping=allow-utf-8", false).is_utf8);
  CHECK(takes_gzip("deflate, gzip;q=0.5"));
  CHECK_FALSE(takes_gzip("gzip;q=0"));
  CHECK_FALSE(takes_gzip(""));
}

TEST_CASE("pages are compressed for those who take that; there is one page") {
  Scraping p;
  MetricBatchBuilder batch;
  batch.gauge("g").point(1, {}, 0, second);
  p.send(batch);
  const auto response = p.get({{"Accept-Encoding", "gzip"}});
  CHECK(response.header("content-encoding") == "gzip");
  const auto plain = net::decompress(net::Encoding::gzip, response.body, 1_MiB);
  REQUIRE(plain);
  CHECK(plain->view() == "# TYPE g gauge\ng 1\n");
  CHECK(p.get({}, "/").status == 404);
}

TEST_CASE("names that are not classic are quoted for those who take them, and escaped for others") {
  Scraping p(", translation_strategy: NoTranslation");
  MetricBatchBuilder batch;
  batch.gauge("g.pu").point(1, {{"a.b", "1"}, {"a_b", "2"}}, 0, second);
  p.send(batch);
  CHECK(p.page() == "# TYPE g_pu gauge\ng_pu{a_b=\"1;2\"} 1\n");
  CHECK(p.page("text/plain;version=1.0.0;escaping=allow-utf-8") ==
        "# TYPE \"g.pu\" gauge\n{\"g.pu\",\"a.b\"=\"1\",a_b=\"2\"} 1\n");
}

TEST_CASE("deltas are added up, late points do not replace newer ones") {
  Scraping p;
  for (int i = 1; i <= 3; ++i) {
    MetricBatchBuilder batch;
    const std::uint64_t time = static_cast<std::uint64_t>(i) * second;
    batch.delta("c").point(i, {}, time - second, time);
    batch.gauge("g").point(i, {}, 0, (i == 3 ? 1 : time));
    p.send(batch);
  }
  CHECK(p.page() == "# TYPE c_total counter\nc_total 6\n# TYPE g gauge\ng 2\n");
  MetricBatchBuilder late;
  late.delta("c").point(10, {}, 0, second);
  p.send(late);
  CHECK(has(p.page(), "c_total 16\n"));
}

TEST_CASE("a name keeps its first type while it has series; what does not fit is rejected") {
  Scraping p;
  MetricBatchBuilder first, second_batch;
  first.gauge("a").point(1, {}, 0, second);
  first.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1}, 1, {}, 0, second);
  p.send(first);
  second_batch.metric("a", MetricType::summary).summary(1, 1, {}, 0, second);
  second_batch.gauge("h_count").point(1, {}, 0, second);
  second_batch.gauge("b").point(1, {}, 0, second);
  const Receipt receipt = p.send(second_batch);
  CHECK(receipt.rejected == 2);
  CHECK(has(receipt.reason, "\"a\" has another type"));
  CHECK(has(p.page(), "# TYPE a gauge\n"));
  CHECK(has(p.page(), "# TYPE b gauge\n"));
  p.test.clock.advance(std::chrono::minutes(6));
  CHECK(p.page().empty());
  MetricBatchBuilder again;
  again.metric("a", MetricType::summary).summary(1, 1, {}, 0, second);
  CHECK(p.send(again).rejected == 0);
}

TEST_CASE("series end with a point without a recorded value, or when they expire") {
  Scraping p(", metric_expiration: 1m");
  MetricBatchBuilder batch, end;
  batch.gauge("a").point(1, {}, 0, second);
  batch.gauge("b").point(1, {}, 0, second);
  p.send(batch);
  end.gauge("a").point(1, {}, 0, 2 * second).current().numbers[0].flags = 1;
  CHECK(p.send(end).rejected == 0);
  CHECK(p.page() == "# TYPE b gauge\nb 1\n");
  p.test.clock.advance(std::chrono::seconds(61));
  CHECK(p.page().empty());
}

TEST_CASE("series beyond max_state_size are rejected, those that are there go on") {
  Scraping p(", max_state_size: 64KiB");
  std::uint64_t rejected = 0;
  for (int i = 0; i < 1000; ++i) {
    MetricBatchBuilder batch;
    const std::string value = std::to_string(i);
    batch.gauge("g").point(i, {{"n", value.c_str()}}, 0, second);
    const Receipt receipt = p.send(batch);
    rejected += receipt.rejected;
    if (receipt.rejected != 0) CHECK(has(receipt.reason, "max_state_size"));
  }
  CHECK(rejected > 0);
  CHECK(rejected < 1000);
  MetricBatchBuilder again;
  again.gauge("g").point(7, {{"n", "0"}}, 0, 2 * second);
  CHECK(p.send(again).rejected == 0);
  CHECK(has(p.page(), "g{n=\"0\"} 7\n"));
}

TEST_CASE("what there is no form for is rejected with a reason") {
  Scraping p;
  MetricBatchBuilder batch;
  batch.metric("e", MetricType::exponential_histogram, Temporality::cumulative)
      .exponential(-5, 1, {2, 3}, 12, {}, 0, second);
  batch.gauge("timeless").point(1);
  batch.metric("u", MetricType::sum).point(1, {}, 0, second);
  const Receipt receipt = p.send(batch);
  CHECK(receipt.rejected == 3);
  CHECK(has(receipt.reason, "scale below -4"));
  CHECK(p.page().empty());
}

TEST_CASE("labels are those of the point, the target, the scope and the user") {
  Scraping p(
      ", const_labels: {cluster: east}, namespace: my-ns, resource_constant_labels: {included: ['k8s.*'], "
      "excluded: ['*.uid']}");
  MetricBatchBuilder batch;
  batch.resource({{"service.name", "a"}, {"service.instance.id", "i"}, {"k8s.pod", "p"}, {"k8s.uid", "u"}});
  batch.gauge("g").point(1, {{"x", "y"}}, 0, second);
  p.send(batch);
  CHECK(has(p.page(), "my_ns_g{cluster=\"east\",instance=\"i\",job=\"a\",k8s_pod=\"p\",x=\"y\"} 1\n"));
  CHECK(has(p.page(), "my_ns_target_info{cluster=\"east\",instance=\"i\",job=\"a\",k8s_pod=\"p\",k8s_uid=\"u\"} 1\n"));
  MetricBatchBuilder changed;
  changed.resource({{"service.name", "a"}, {"service.instance.id", "i"}, {"k8s.pod", "q"}});
  changed.gauge("g").point(1, {}, 0, second);
  p.send(changed);
  CHECK(has(p.page(), "target_info{cluster=\"east\",instance=\"i\",job=\"a\",k8s_pod=\"q\"} 1\n"));
  CHECK_FALSE(has(p.page(), "k8s_uid"));
}

TEST_CASE("errors say what is wrong with the configuration") {
  config::Diagnostics diagnostics;
  const auto factory = prometheus_page_factory();
  factory.parse(
      config::parse_yaml("{metric_expiration: 0s, resource_constant_labels: {included: ['[']}}", "test", diagnostics),
      "x", diagnostics);
  CHECK(has(diagnostics.text(), "metric_expiration"));
  CHECK(has(diagnostics.text(), "included"));
  CHECK(has(diagnostics.text(), "endpoint"));
}

}  // namespace
}  // namespace rankwire::prometheus_page
