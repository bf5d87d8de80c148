// The exporter against a server whose answers the test decides.
#include "exporters/prometheus_remote_write/prometheus_remote_write_exporter.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "exporters/prometheus_remote_write/sent_journal.hpp"
#include "net/compression.hpp"
#include "otlp/wire_reader.hpp"
#include "testing/extension_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/raw_server.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

using namespace std::chrono_literals;
using testing::MetricBatchBuilder;
using testing::RawConnection;
using testing::RawServer;

constexpr std::uint64_t second = 1'000'000'000;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string plain_body(const std::string& request) {
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  auto plain = net::decompress(net::Encoding::snappy, body, 16_MiB);
  REQUIRE(plain);
  return std::string(plain->view());
}

// A batch of one gauge with a sample for each time.
SignalBatch gauge_at(std::initializer_list<std::uint64_t> seconds) {
  MetricBatchBuilder builder;
  builder.gauge("g");
  for (const std::uint64_t at : seconds) builder.point(static_cast<int>(at), {}, 0, at * second);
  return builder.take();
}

struct Fixture {
  testing::TestEnvironment test;
  SystemClock clock;
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  Environment environment{clock, *test.files, *network, *test.random, test.log, test.counters, test.buffers};
  ExporterFactory factory = prometheus_remote_write_factory();
  std::unique_ptr<Exporter> exporter;
  std::string errors;
  std::vector<std::string> requests;
  std::vector<int> answers;  // 204 when used up.

  void serve(RawConnection& c) {
    for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
      requests.push_back(request);
      const int status = answers.empty() ? 204 : answers.front();
      if (!answers.empty()) answers.erase(answers.begin());
      c.answer(status, status == 204 ? "" : "because", "Retry-After: 3\r\n");
    }
  }
  AnyConfig parse(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const auto config =
        factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "prometheus_remote_write", diagnostics);
    errors = diagnostics.has_errors() ? diagnostics.text() : "";
    return config;
  }
  void make(const std::string& yaml) {
    const auto config = parse(yaml);
    REQUIRE_MESSAGE(errors.empty(), errors);
    exporter = std::move(*factory.create(config, {{"prometheus_remote_write", ""}, environment}));
  }
  Result<Receipt> send(const SignalBatch& batch) {
    OutgoingBatch outgoing(batch);
    return exporter->send(outgoing, {});
  }
};

TEST_CASE_FIXTURE(Fixture, "a request is a snappy block of protobuf with the headers of its version") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("{endpoint: '" + server.url("/api/v1/write") + "', max_batch_request_parallelism: 1}");
  REQUIRE(send(gauge_at({1})));
  CHECK(requests[0].starts_with("POST /api/v1/write HTTP/1.1\r\n"));
  CHECK(has(requests[0], "\r\nContent-Encoding: snappy\r\n"));
  CHECK(has(requests[0], "\r\nContent-Type: application/x-protobuf\r\n"));
  CHECK(has(requests[0], "\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n"));
  // timeseries {labels {__name__, g}, samples {1.0, 1000}}
  CHECK(plain_body(requests[0]) ==
        std::string("\x0a\x1d\x0a\x0d\x0a\x08__name__\x12\x01g\x12\x0c\x09\0\0\0\0\0\0\xf0\x3f"
                    "\x10\xe8\x07",
                    31));
}

TEST_CASE_FIXTURE(Fixture, "samples go out in the order of their times, one of a series in a request") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("endpoint: '" + server.url("/") + "'");
  const auto receipt = send(gauge_at({3, 1, 2, 2}));
  REQUIRE(receipt);
  CHECK(receipt->rejected == 0);
  REQUIRE(requests.size() == 3);
  CHECK(plain_body(requests[0]).ends_with("\x10\xe8\x07"));
  CHECK(plain_body(requests[1]).ends_with("\x10\xd0\x0f"));
  CHECK(plain_body(requests[2]).ends_with("\x10\xb8\x17"));
}

TEST_CASE_FIXTURE(Fixture, "what was sent last is not sent again, and what is late goes alone") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("endpoint: '" + server.url("/") + "'");
  REQUIRE(send(gauge_at({5})));
  REQUIRE(send(gauge_at({5})));
  CHECK(requests.size() == 1);
  answers = {204, 400};
  const auto receipt = send(gauge_at({4, 6}));
  REQUIRE(receipt);
  CHECK(requests.size() == 3);
  CHECK(receipt->rejected == 1);
  CHECK(has(receipt->reason, "400: because"));
}

TEST_CASE_FIXTURE(Fixture, "a batch that failed goes on where it stood, and its deltas count once") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("endpoint: '" + server.url("/") + "'");
  const SignalBatch batch = MetricBatchBuilder().delta("c").point(7, {}, 0, second).point(1, {}, 0, 2 * second).take();
  answers = {204, 503};
  const auto failed = send(batch);
  REQUIRE(!failed);
  CHECK(failed.error().kind() == ErrorKind::unavailable);
  CHECK(*failed.error().retry_after() == 3s);
  REQUIRE(send(batch));
  REQUIRE(requests.size() == 3);
  CHECK(plain_body(requests[1]) == plain_body(requests[2]));
  CHECK(has(plain_body(requests[2]), std::string("\x09\0\0\0\0\0\0\x20\x40", 9)));  // 8
}

TEST_CASE_FIXTURE(Fixture, "large batches are cut, sent at the same time, and rejected piece by piece") {
  RawServer server([&](RawConnection& c) {
    for (std::string request = c.read_request(); !request.empty(); request = c.read_request())
      c.answer(has(plain_body(request), "bad") ? 400 : 204);
  });
  make("{endpoint: '" + server.url("/") + "', max_batch_size_bytes: 1000, remote_write_queue: {num_consumers: 3}}");
  MetricBatchBuilder builder;
  builder.gauge("g");
  for (int i = 0; i < 100; ++i)
    builder.point(i, {{"n", std::to_string(i).c_str()}, {"kind", i == 50 ? "bad" : "good"}}, 0, second);
  const auto receipt = send(builder.take());
  REQUIRE(receipt);
  CHECK(receipt->rejected > 0);
  CHECK(receipt->rejected < 20);
}

TEST_CASE_FIXTURE(Fixture, "what is retried and what is dropped follows the status") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("endpoint: '" + server.url("/") + "'");
  std::uint64_t at = 1;
  for (const auto& [status, kind] : {std::pair{429, ErrorKind::refused}, std::pair{500, ErrorKind::unavailable},
                                     std::pair{503, ErrorKind::unavailable}, std::pair{400, ErrorKind::invalid},
                                     std::pair{404, ErrorKind::invalid}, std::pair{401, ErrorKind::denied}}) {
    CAPTURE(status);
    answers = {status};
    const auto receipt = send(gauge_at({++at}));
    REQUIRE(!receipt);
    CHECK(receipt.error().kind() == kind);
    CHECK(receipt.error().retry_after().has_value() == receipt.error().is_retryable());
  }
}

TEST_CASE_FIXTURE(Fixture, "metadata is sent if wanted") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("{endpoint: '" + server.url("/") + "', send_metadata: true}");
  SignalBatch batch = MetricBatchBuilder().counter("c").unit("By").point(1, {}, 0, second).take();
  batch.metrics().resources[0].scopes[0].records[0].description = "Help.";
  REQUIRE(send(batch));
  CHECK(has(plain_body(requests[0]),
            std::string("\x1a\x1f\x08\x01\x12\x0d") + "c_bytes_total\x22\x05Help.\x2a\x05" + "bytes"));
}

TEST_CASE_FIXTURE(Fixture, "2.0 refers to texts by number") {
  RawServer server([&](RawConnection& c) { serve(c); });
  make("{endpoint: '" + server.url("/") + "', protobuf_message: io.prometheus.write.v2.Request}");
  REQUIRE(send(gauge_at({1})));
  CHECK(has(requests[0], "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n"));
  CHECK(has(requests[0], "X-Prometheus-Remote-Write-Version: 2.0.0\r\n"));
  // symbols "", __name__, g; timeseries {refs 1, 2; samples {1.0, 1000}; metadata {gauge}}
  CHECK(plain_body(requests[0]) ==
        std::string(
            "\x22\x00\x22\x08__name__\x22\x01g\x2a\x16\x0a\x02\x01\x02\x12\x0c\x09\0\0\0\0\0\0\xf0\x3f\x10\xe8\x07"
            "\x2a\x02\x08\x02",
            39));
}

TEST_CASE("the journal gives back what is whole") {
  testing::TemporaryDirectory directory;
  const auto files = make_posix_file_system();
  const SentSample one{{1, 2}, 3}, two{{4, 5}, 6};
  {
    SentJournal journal;
    REQUIRE(journal.open(*files, directory.path()));
    journal.begin_batch(false);
    journal.add({{{7, 7}, 7}});
    journal.begin_batch(false);
    journal.add({one});
    journal.add({two});
  }
  SentJournal journal;
  REQUIRE(journal.open(*files, directory.path()));
  CHECK(journal.was_sent(one));
  CHECK(journal.was_sent(two));
  CHECK_FALSE(journal.was_sent({{7, 7}, 7}));
  journal.begin_batch(true);
  CHECK(journal.was_sent(one));
  journal.begin_batch(false);
  CHECK_FALSE(journal.was_sent(one));
}

TEST_CASE_FIXTURE(Fixture, "configurations that cannot work are errors at their key") {
  parse("{}");
  CHECK(has(errors, "endpoint"));
  parse("{endpoint: 'http://h', compression: gzip}");
  CHECK(has(errors, "snappy only"));
  parse("{endpoint: 'http://h', wal: {directory: /x}}");
  CHECK(has(errors, "remote_write_queue.storage"));
  parse("{endpoint: 'http://h', protobuf_message: other}");
  CHECK(has(errors, "prometheus.WriteRequest"));
  parse("{endpoint: 'http://h', remote_write_queue: {num_consumers: 0}}");
  CHECK(has(errors, "num_consumers"));
  parse("{endpoint: 'http://h', external_labels: {a: ''}}");
  CHECK(has(errors, "external_labels"));
  parse("{endpoint: 'http://h', remote_write_queue: {enabled: false}, translation_strategy: NoTranslation}");
  CHECK(errors.empty());
}

}  // namespace
}  // namespace rankwire::prometheus_remote_write
