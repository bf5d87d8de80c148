// The memory budget, the metrics endpoint, the agent's own log and the disk queue behind an exporter.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "net/http_client.hpp"
#include "service/logger.hpp"
#include "service/memory_budget.hpp"
#include "service/process_figures.hpp"
#include "service/service.hpp"
#include "service/service_fixture.hpp"
#include "testing/fake_clock.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::service {
namespace {

using rankwire::testing::FakeClock;
using rankwire::testing::TemporaryDirectory;
using testing::Destination;
using testing::Fixture;

struct Budget {
  FakeClock clock;
  RoomSignal room;
  Bytes resident{0};
  int reclaimed = 0;
  std::shared_ptr<MemoryBudget> budget =
      std::make_shared<MemoryBudget>(clock, room, [this] { return resident; }, [this] { ++reclaimed; });
};

TEST_CASE("what is admitted never passes the soft limit, to the byte") {
  Budget b;
  b.budget->set_limit({100_MiB, 20_MiB, std::chrono::seconds(1)});
  CHECK(b.budget->try_reserve(80_MiB));
  CHECK_FALSE(b.budget->try_reserve(1_B));
  b.budget->release(1_MiB);
  CHECK(b.budget->try_reserve(1_MiB));
  CHECK(b.budget->reserved() == 80_MiB);
}

TEST_CASE("queues and unaccounted resident memory shrink what may be admitted") {
  Budget b;
  b.budget->set_limit({100_MiB, 20_MiB, std::chrono::seconds(1)});
  const auto holder = b.budget->add_holder([] { return 30_MiB; });
  b.resident = 70_MiB;
  CHECK_FALSE(b.budget->try_reserve(11_MiB));
  CHECK(b.reclaimed == 1);
  CHECK_FALSE(b.budget->has_room(11_MiB));
  CHECK(b.budget->try_reserve(10_MiB));
  b.budget->release(10_MiB);
  b.resident = 30_MiB;
  b.clock.advance(std::chrono::seconds(1));
  CHECK(b.budget->has_room(50_MiB));
  CHECK(b.budget->try_reserve(50_MiB));
}

TEST_CASE("what exceeds the limit without the process itself is never admitted, the rest only not now") {
  Budget b;
  b.resident = 10_MiB;
  b.budget->set_limit({100_MiB, 20_MiB, std::chrono::seconds(1)});
  b.resident = 70_MiB;
  const Admission admission(b.budget, {});
  CHECK(admission.refusal(60_MiB).kind() == ErrorKind::refused);
  CHECK(admission.refusal(60_MiB).retry_after());
  CHECK(admission.refusal(61_MiB).kind() == ErrorKind::too_large);
  CHECK_FALSE(admission.refusal(61_MiB).retry_after());
}

TEST_CASE("an admission gives back what it held, grown or not") {
  Budget b;
  b.budget->set_limit({10_MiB, 0_MiB, std::chrono::seconds(1)});
  {
    REQUIRE(b.budget->try_reserve(1_MiB));
    Admission admission(b.budget, 1_MiB);
    CHECK(admission.grow_to(9_MiB));
    CHECK_FALSE(admission.grow_to(11_MiB));
    CHECK(b.budget->reserved() == 9_MiB);
  }
  CHECK(b.budget->reserved() == 0_B);
}

TEST_CASE("this process has resident memory and a limit can be found") {
  const auto files = make_posix_file_system();
  CHECK(ResidentMemory(*files).read() > 1_MiB);
  CHECK(default_memory_limit(*files) <= 512_MiB);
  CHECK(default_memory_limit(*files) > 1_MiB);
}

TEST_CASE("over the limit nothing is admitted and the sender is told when to come back") {
  Fixture f;
  Service service(f.environment, {.memory_limit = 1_MiB});
  REQUIRE(
      service.start(f.plan("receivers: {source: }\nexporters: {sink: }\nservice: {telemetry: {metrics: {level: "
                           "none}}, pipelines: {logs: {receivers: [source], exporters: [sink]}}}")));
  const Result<void> refused = f.deliver("source", {1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().retry_after() == std::chrono::milliseconds(1000));
}

std::string scrape(Fixture& f, std::uint16_t port, const std::string& path, int status) {
  const auto network = net::make_system_network(f.clock);
  net::HttpClientOptions options;
  options.base = *net::Url::parse("http://127.0.0.1:" + std::to_string(port));
  net::HttpClient client(std::move(options), *network, f.clock);
  auto response = client.send({.method = "GET", .target = path, .headers = {}, .body = {}},
                              Deadline::after(f.clock, std::chrono::seconds(5)), {});
  REQUIRE(response);
  CHECK(response->status == status);
  return response->body;
}

std::string serving(std::uint16_t port) {
  return "receivers: {source: }\nexporters: {sink: }\nservice: {telemetry: {metrics: {readers: [{pull: {exporter: "
         "{prometheus: {host: 127.0.0.1, port: " +
         std::to_string(port) + "}}}}]}}, pipelines: {logs: {receivers: [source], exporters: [sink]}}}";
}

TEST_CASE("metrics are served with otelcol's names and labels") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(serving(0))));
  REQUIRE(f.deliver("source", {1, 2}, std::make_shared<Completion>(f.listener, 1)));
  REQUIRE(f.listener->wait(1));
  const std::string text = scrape(f, service.metrics_port(), "/metrics", 200);
  for (const char* line :
       {"otelcol_receiver_accepted_log_records{receiver=\"source\"} 2", "otelcol_process_uptime ",
        "otelcol_exporter_sent_log_records{exporter=\"sink\"} 2", "otelcol_process_memory_rss ",
        "otelcol_exporter_queue_capacity{data_type=\"logs\",exporter=\"sink\"} 1000",
        "otelcol_exporter_queue_size{data_type=\"logs\",exporter=\"sink\"} 0", "otelcol_process_cpu_seconds ",
        "# TYPE otelcol_process_uptime counter", "# TYPE otelcol_process_memory_rss gauge",
        "rankwire_accepted_records_total{signal=\"logs\"} 2", "rankwire_delivered_records_total{signal=\"logs\"} 2",
        "rankwire_queued_records{signal=\"logs\"} 0", "rankwire_in_flight_records{signal=\"logs\"} 0"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  scrape(f, service.metrics_port(), "/other", 404);
}

TEST_CASE("an address in use is an error that names the remedy") {
  Fixture f;
  Service first(f.environment);
  REQUIRE(first.start(f.plan(serving(0))));
  Fixture g;
  Service second(g.environment);
  const Result<void> started = second.start(g.plan(serving(first.metrics_port())));
  REQUIRE_FALSE(started);
  CHECK(started.error().message().find("service::telemetry::metrics::readers") != std::string::npos);
}

TEST_CASE("a disk queue keeps what was not sent, and the next process sends it") {
  const TemporaryDirectory directory;
  const std::string yaml =
      "receivers: {source: }\nexporters: {sink: {storage: storage}}\nextensions: {storage: "
      "{directory: " +
      directory.path() +
      "}}\nservice: {telemetry: {metrics: {level: none}}, extensions: [storage], pipelines: "
      "{logs: {receivers: [source], exporters: [sink]}}}";
  {
    Fixture f;
    f.destination("sink").set(Destination::Mode::unavailable);
    Service service(f.environment);
    REQUIRE(service.start(f.plan(yaml)));
    REQUIRE(f.deliver("source", {1, 2, 3}, std::make_shared<Completion>(f.listener, 1)));
    CHECK(f.listener->wait(1) == true);
    service.stop(Deadline::after(f.clock, std::chrono::seconds(5)));
    CHECK(f.total("rankwire_queued_records", {{"signal", "logs"}}) == 3);
    CHECK(f.is_conserved());
  }
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(yaml)));
  CHECK(f.destination("sink").wait_for(3));
  service.stop(Deadline::after(f.clock, std::chrono::seconds(5)));
  CHECK(f.total("rankwire_accepted_records_total") == 3);
  CHECK(f.is_conserved());
}

// Changes a byte in the middle of the largest file below.
void damage(const std::string& directory) {
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file() && (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)))
      largest = entry.path();
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2);
  file.seekg(middle);
  const char byte = static_cast<char>(file.get() ^ 0x55);
  file.seekp(middle);
  file.put(byte);
}

TEST_CASE("what is damaged on disk is counted in records, and the books still balance") {
  const TemporaryDirectory directory;
  const std::string yaml =
      "receivers: {source: }\nexporters: {sink: {storage: storage}}\nextensions: {storage: {directory: " +
      directory.path() +
      "}}\nservice: {telemetry: {metrics: {level: none}}, extensions: [storage], pipelines: "
      "{logs: {receivers: [source], exporters: [sink]}}}";
  {
    Fixture f;
    f.destination("sink").set(Destination::Mode::unavailable);
    Service service(f.environment);
    REQUIRE(service.start(f.plan(yaml)));
    for (std::int64_t from : {0, 100, 200}) {
      std::vector<std::int64_t> numbers;
      for (std::int64_t i = from; i < from + 100; ++i) numbers.push_back(i);
      REQUIRE(f.deliver("source", numbers));
    }
    service.stop(Deadline::after(f.clock, std::chrono::seconds(5)));
  }
  damage(directory.path());
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(f.plan(yaml)));
  CHECK(f.destination("sink").wait_for(200));
  service.stop(Deadline::after(f.clock, std::chrono::seconds(5)));
  CHECK(f.total("rankwire_dropped_records_total", {{"stage", "queue"}, {"reason", "corrupt"}}) == 100);
  CHECK(f.total("rankwire_delivered_records_total") == 200);
  CHECK(f.is_conserved());
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_CASE("one message is written ten times in ten seconds, then every hundredth with what was left out") {
  const TemporaryDirectory directory;
  FakeClock clock;
  const auto log = make_logger(clock);
  LogSettings settings;
  settings.output_paths = {directory.file("log")};
  settings.encoding = LogEncoding::json;
  settings.initial_fields = {{"node", "n1"}};
  REQUIRE(log->configure(settings));
  for (int i = 0; i < 110; ++i) log->warn("sending failed", {{"error", "say \"no\"\n"}});
  log->debug("not this");
  const std::string text = contents(directory.file("log"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 11);
  CHECK(text.find(R"("msg":"sending failed","node":"n1","error":"say \"no\"\n"})") != std::string::npos);
  CHECK(text.find(R"("suppressed":"99")") != std::string::npos);
  CHECK(text.find(R"("ts":"2023-11-14T22:13:21.000Z")") != std::string::npos);
  clock.advance(std::chrono::seconds(10));
  log->warn("sending failed");
  CHECK(contents(directory.file("log")).size() > text.size());
}

TEST_CASE("a log file that cannot be opened leaves the old settings") {
  FakeClock clock;
  const auto log = make_logger(clock);
  LogSettings settings;
  settings.output_paths = {"/absent/directory/log"};
  settings.level = LogLevel::error;
  CHECK_FALSE(log->configure(settings));
  CHECK(log->is_enabled(LogLevel::info));
}

}  // namespace
}  // namespace rankwire::service
