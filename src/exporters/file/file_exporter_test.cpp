#include "exporters/file/file_exporter.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/worker.hpp"
#include "config/load.hpp"
#include "exporters/file/group_path.hpp"
#include "net/compression.hpp"
#include "otlp/otlp.hpp"
#include "testing/faulty_file_system.hpp"
#include "testing/log_batches.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::file {

namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct NoHost final : Host {
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

// An exporter in a directory of its own. DIR in the configuration stands for that directory.
struct Fixture {
  std::string refusal(std::string yaml) {
    config::Diagnostics diagnostics;
    make(std::move(yaml), diagnostics);
    return diagnostics.text();
  }
  void start(std::string yaml) {
    config::Diagnostics diagnostics;
    exporter = make(std::move(yaml), diagnostics);
    REQUIRE_MESSAGE(exporter != nullptr, diagnostics.text());
    const auto started = exporter->start(host);
    REQUIRE_MESSAGE(started.has_value(), started.error().message());
  }
  std::unique_ptr<Exporter> make(std::string yaml, config::Diagnostics& diagnostics) {
    for (std::size_t at; (at = yaml.find("DIR")) != std::string::npos;) yaml.replace(at, 3, directory.path());
    const ExporterFactory factory = file_factory();
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    const AnyConfig config = factory.parse(node, "exporters::file", diagnostics);
    if (diagnostics.has_errors()) return nullptr;
    Environment& e = environment.environment;
    injected.emplace(Environment{e.clock, faulty, e.network, e.random, e.log, e.counters, e.buffers});
    return std::move(*factory.create(config, {{"file", ""}, *injected}));
  }
  Result<Receipt> send(const SignalBatch& batch) {
    OutgoingBatch outgoing(batch);
    return exporter->send(outgoing, {});
  }
  Result<Receipt> send(const std::vector<std::string>& bodies) { return send(testing::log_batch(bodies)); }
  std::string read(const std::string& name) { return contents(directory.file(name)); }
  std::size_t file_count() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()));
  }

  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  testing::FaultyFileSystem faulty{*environment.files};
  std::optional<Environment> injected;
  NoHost host;
  std::unique_ptr<Exporter> exporter;
};

// The messages of a length-prefixed file.
std::vector<std::string> frames(std::string_view file) {
  std::vector<std::string> messages;
  while (!file.empty()) {
    REQUIRE(file.size() >= 4);
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(file[static_cast<std::size_t>(i)]);
    REQUIRE(file.size() >= 4 + size);
    messages.emplace_back(file.substr(4, size));
    file.remove_prefix(4 + size);
  }
  return messages;
}

SignalBatch batch_of_pod(const std::string& pod) {
  LogBatch batch = testing::log_batch({"from " + pod});
  set(batch.resources[0].resource.attributes, batch.arena(), "pod", Value::of(batch.arena().copy(pod)));
  return batch;
}

}  // namespace

TEST_CASE("json: each batch is one line of OTLP/JSON, visible when send returns") {
  Fixture f;
  f.start("path: DIR/out.jsonl");
  REQUIRE(f.send({"first", "second"}).has_value());
  CHECK(f.read("out.jsonl") ==
        R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"first"}},)"
        R"({"body":{"stringValue":"second"}}]}]}]})"
        "\n");
  REQUIRE(f.send({"third"}).has_value());
  const std::string text = f.read("out.jsonl");
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("a batch in wire form is written like one in memory") {
  Fixture f;
  f.start("path: DIR/out.jsonl");
  REQUIRE(f.send(otlp::encode(SignalBatch(testing::log_batch({"x"})), nullptr)).has_value());
  CHECK(f.read("out.jsonl").find(R"("stringValue":"x")") != std::string::npos);
}

TEST_CASE("proto: each message is preceded by its length, with zstd each is a frame of its own") {
  for (const bool is_compressed : {false, true}) {
    Fixture f;
    f.start(std::string("{path: DIR/out, format: proto") + (is_compressed ? ", compression: zstd}" : "}"));
    REQUIRE(f.send({"a"}).has_value());
    REQUIRE(f.send({"b", "c"}).has_value());
    const auto messages = frames(f.read("out"));
    REQUIRE(messages.size() == 2);
    std::string second = messages[1];
    if (is_compressed) second = net::decompress(net::Encoding::zstd, second, 1_MiB)->view();
    CHECK(testing::bodies_of(*otlp::decode_logs(second)) == std::vector<std::string>{"b", "c"});
  }
}

TEST_CASE("json with zstd is length-prefixed too") {
  Fixture f;
  f.start("{path: DIR/out, compression: zstd}");
  REQUIRE(f.send({"a"}).has_value());
  const auto messages = frames(f.read("out"));
  REQUIRE(messages.size() == 1);
  CHECK(net::decompress(net::Encoding::zstd, messages[0], 1_MiB)->view().starts_with("{\"resourceLogs\""));
}

TEST_CASE("an existing file is emptied at start unless append is set") {
  for (const bool appends : {false, true}) {
    Fixture f;
    std::ofstream(f.directory.file("out")) << "before\n";
    f.start(std::string("{path: DIR/out, append: ") + (appends ? "true}" : "false}"));
    REQUIRE(f.send({"a"}).has_value());
    CHECK(f.read("out").starts_with(appends ? "before\n{" : "{"));
  }
}

TEST_CASE("a missing directory fails the start, and is made when asked for") {
  Fixture f;
  config::Diagnostics diagnostics;
  auto exporter = f.make("path: DIR/a/b/out", diagnostics);
  CHECK_FALSE(exporter->start(f.host).has_value());
  f.start("{path: DIR/a/b/out, create_directory: true, directory_permissions: '0700'}");
  CHECK((fs::status(f.directory.file("a/b")).permissions() & fs::perms::mask) == fs::perms::owner_all);
}

TEST_CASE("a file is set aside before it would exceed its size, and old ones are deleted") {
  Fixture f;
  f.start("{path: DIR/out.json, rotation: {max_megabytes: 1, max_backups: 2}}");
  const std::string body(600'000, 'x');
  for (int i = 0; i < 5; ++i) {
    REQUIRE(f.send({std::to_string(i) + body}).has_value());
    f.environment.clock.advance(std::chrono::hours(1));
  }
  CHECK(f.file_count() == 3);
  CHECK(f.read("out.json").find("\"4xx") != std::string::npos);
  // The fake clock starts in the evening of 14 November 2023.
  CHECK(f.read("out-2023-11-15T02-13-21.000.json").find("\"3xx") != std::string::npos);
}

TEST_CASE("files set aside longer ago than max_days are deleted, others with like names are not") {
  Fixture f;
  for (const char* name : {"out-2023-11-01T00-00-00.000.json", "out-2023-11-13T00-00-00.000.json", "out-notes.json"})
    std::ofstream(f.directory.file(name)) << "old";
  f.start("{path: DIR/out.json, rotation: {max_megabytes: 1, max_days: 7}}");
  for (int i = 0; i < 2; ++i) REQUIRE(f.send({std::string(800'000, 'x')}).has_value());
  CHECK_FALSE(fs::exists(f.directory.file("out-2023-11-01T00-00-00.000.json")));
  CHECK(fs::exists(f.directory.file("out-2023-11-13T00-00-00.000.json")));
  CHECK(fs::exists(f.directory.file("out-notes.json")));
}

TEST_CASE("a failed write leaves no torn message and the exporter recovers") {
  Fixture f;
  f.start("path: DIR/out");
  REQUIRE(f.send({"a"}).has_value());
  const std::string before = f.read("out");
  f.faulty.fail_write(0, ErrorKind::refused, 10);
  const auto failed = f.send({"b"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().is_retryable());
  CHECK(f.read("out") == before);
  CHECK(f.exporter->unhealthy().has_value());
  f.faulty.heal();
  REQUIRE(f.send({"b"}).has_value());
  CHECK(f.read("out").size() > before.size());
  CHECK_FALSE(f.exporter->unhealthy().has_value());
}

TEST_CASE("batches go to the file that their resource names") {
  Fixture f;
  f.start(
      "{path: DIR/pods/*.json, create_directory: true, group_by: {enabled: true, resource_attribute: pod, "
      "max_open_files: 1}}");
  for (int round = 0; round < 2; ++round)
    for (const char* pod : {"a", "b", "team/c"}) REQUIRE(f.send(batch_of_pod(pod))->rejected == 0);
  for (const char* pod : {"a", "b", "team/c"}) {
    const std::string text = f.read(std::string("pods/") + pod + ".json");
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    CHECK(text.find(std::string("from ") + pod) != std::string::npos);
  }
}

TEST_CASE("an attribute cannot lead out of the directory, nor through a link; its records are refused and counted") {
  Fixture f;
  f.start("{path: DIR/pods/*.json, create_directory: true, group_by: {enabled: true, resource_attribute: pod}}");
  std::ofstream(f.directory.file("victim")) << "";
  fs::create_symlink(f.directory.file("victim"), f.directory.file("pods/link.json"));
  fs::create_directory(f.directory.file("outside"));
  fs::create_directory_symlink(f.directory.file("outside"), f.directory.file("pods/away"));
  for (const char* pod :
       {"../../etc/passwd", "..", "/etc/passwd", "a/../../b", "a//b", "", "x\ny", "link", "away/c", "away/d/e"}) {
    const auto receipt = f.send(batch_of_pod(pod));
    REQUIRE(receipt.has_value());
    CHECK(receipt->rejected == 1);
  }
  CHECK(f.send({"no attribute"})->rejected == 1);
  CHECK(f.read("victim").empty());
  CHECK(fs::is_empty(f.directory.file("outside")));
  CHECK(f.file_count() == 3);
}

TEST_CASE("the star may be part of a name, but that name cannot become a parent directory") {
  CHECK(*group_path("/d/x-*.log", "7") == "/d/x-7.log");
  CHECK_FALSE(group_path("/d/.*", ".").has_value());
  CHECK_FALSE(group_path("/d/*/f", "..").has_value());
  CHECK_FALSE(group_path("/d/*", std::string("a\0b", 3)).has_value());
  CHECK_FALSE(group_path("/d/*", std::string(300, 'a')).has_value());
}

TEST_CASE("several threads never mix their lines") {
  Fixture f;
  f.start("path: DIR/out");
  {
    std::vector<Worker> workers;
    for (int i = 0; i < 4; ++i)
      workers.emplace_back("writer", [&](std::stop_token) {
        for (int n = 0; n < 50; ++n) static_cast<void>(f.send({std::string(3000, static_cast<char>('a' + n % 26))}));
      });
  }
  std::istringstream lines(f.read("out"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) CHECK(otlp::decode_json(Signal::logs, line).has_value());
  CHECK(count == 200);
}

TEST_CASE("settings that exclude each other are refused, as upstream refuses them") {
  Fixture f;
  CHECK(f.refusal("{}").find("must be set") != std::string::npos);
  CHECK(f.refusal("{path: x, append: true, rotation: {}}").find("rotation") != std::string::npos);
  CHECK(f.refusal("{path: x, append: true, compression: zstd}").find("compression") != std::string::npos);
  CHECK(f.refusal("{path: x, format: xml}").find("format") != std::string::npos);
  CHECK(f.refusal("{path: x, directory_permissions: '9'}").find("octal") != std::string::npos);
  CHECK(f.refusal("{path: x, group_by: {enabled: true}}").find("exactly one *") != std::string::npos);
  CHECK(f.refusal("{path: '*', group_by: {enabled: true}}").find("must not start") != std::string::npos);
  CHECK(f.refusal("{path: x, encoding: text_encoding}").find("encoding") != std::string::npos);
  CHECK(f.refusal("{path: x}").empty());
}

}  // namespace rankwire::file
