// The command line as a user meets it: exit codes, help, and what lands on which stream.
#include "app/command_line.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "app/components.hpp"
#include "app/prepared_config.hpp"
#include "testing/raw_server.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::app {
namespace {

struct Outcome {
  ExitCode code;
  std::string out, err;
  bool prints(const std::string& part) const { return out.find(part) != std::string::npos; }
  bool complains(const std::string& part) const { return err.find(part) != std::string::npos; }
};

Outcome rankwire(std::vector<const char*> arguments) {
  std::ostringstream out, err;
  const ExitCode code = run_command_line(arguments, {out, err});
  return {code, out.str(), err.str()};
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_CASE("help is asked for, and shown when nothing is") {
  const Outcome asked = rankwire({"--help"});
  CHECK(asked.code == ExitCode::ok);
  CHECK(asked.prints("Exit codes"));
  CHECK(rankwire({}).code == ExitCode::usage);
  for (const char* command : {"run", "validate", "components", "print-config", "queue", "completion", "demo"}) {
    CAPTURE(command);
    CHECK(asked.prints(command));
    const Outcome one = rankwire({command, "--help"});
    CHECK(one.code == ExitCode::ok);
    CHECK(one.prints("Examples:"));
  }
}

TEST_CASE("a wrong command line is a usage error on the error stream") {
  const std::vector<std::vector<const char*>> wrong = {
      {"frobnicate"}, {"--nope"},           {"print-config", "--format", "xml"}, {"completion", "tcsh"},
      {"queue"},      {"queue", "inspect"}, {"run", "--drain-timeout", "soon"},  {"--config"}};
  for (const auto& arguments : wrong) {
    const Outcome outcome = rankwire(arguments);
    CHECK(outcome.code == ExitCode::usage);
    CHECK(outcome.out.empty());
    CHECK_FALSE(outcome.err.empty());
  }
}

TEST_CASE("the version is printed by command and by option") {
  CHECK(rankwire({"version"}).prints("rankwire version "));
  CHECK_EQ(rankwire({"--version"}).out, rankwire({"version"}).out);
}

TEST_CASE("an invalid configuration has an exit code of its own and every error at its place") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("agent.yaml");
  write(path, "receivers:\n  otpl:\nexporters:\n  nope:\nservise: {}\n");
  const Outcome outcome = rankwire({"validate", "--config", path.c_str()});
  CHECK(outcome.code == ExitCode::invalid_configuration);
  CHECK(outcome.complains(path + ":2:3: error: receivers::otpl"));
  CHECK(outcome.complains(path + ":4:3: error: exporters::nope"));
  CHECK(outcome.complains("did you mean \"service\"?"));
  CHECK(rankwire({"validate", "--config", "/does/not/exist"}).code == ExitCode::invalid_configuration);
}

TEST_CASE("a statement that can never work is valid, and validate warns of it at its place") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("agent.yaml");
  write(path,
        "receivers: {otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}}\n"
        "exporters: {debug: {}}\n"
        "processors:\n"
        "  transform:\n"
        "    log_statements:\n"
        "    - set(log.severity_number, \"WARN\")\n"
        "  filter:\n"
        "    error_mode: ignore\n"
        "    logs:\n"
        "      log_record:\n"
        "      - severity_number == \"WARN\"\n"
        "service: {pipelines: {logs: {receivers: [otlp], processors: [transform, filter], exporters: [debug]}}}\n");
  const Outcome outcome = rankwire({"validate", "--config", path.c_str()});
  CHECK(outcome.code == ExitCode::ok);
  CHECK_MESSAGE(outcome.complains(path + ":6:32: warning: processors::transform::log_statements[0]: this never works: "
                                         "log.severity_number is an integer, this is a text; write "
                                         "SEVERITY_NUMBER_WARN\n"),
                outcome.err);
  CHECK_MESSAGE(outcome.complains(path + ":11:28: warning: processors::filter::logs::log_record[0]: this comparison "
                                         "never holds: severity_number is an integer"),
                outcome.err);
}

TEST_CASE("options before and after the command add up") {
  const Outcome outcome = rankwire({"--config", "/first/missing", "validate", "--config", "/second/missing"});
  CHECK(outcome.complains("/first/missing"));
  CHECK(outcome.complains("/second/missing"));
}

TEST_CASE("the built-in configuration is valid") {
  const auto files = make_posix_file_system();
  const PreparedConfig prepared = prepare_config({}, *files, built_in_components());
  CHECK_EQ(prepared.diagnostics.text(), "");
  CHECK_EQ(prepared.plan.pipelines.size(), 1);
}

TEST_CASE("feature gates are listed, one or all, and an unknown one is a wrong command line") {
  CHECK(rankwire({"featuregate"}).prints("service.partialReload"));
  const Outcome one = rankwire({"featuregate", "service.partialReload"});
  CHECK(one.prints("service.partialReload"));
  CHECK_FALSE(one.prints("confmap."));
  CHECK(rankwire({"featuregate", "nope"}).code == ExitCode::usage);
}

TEST_CASE("print-config refuses what is not valid unless told not to validate, and never shows its secrets unasked") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("agent.yaml");
  write(path, "exporters:\n  otlp_htpp: {headers: {key: hush}}\n");
  CHECK(rankwire({"print-config", "--config", path.c_str()}).code == ExitCode::invalid_configuration);
  const Outcome hidden = rankwire({"print-config", "--validate=false", "--config", path.c_str()});
  CHECK(hidden.code == ExitCode::invalid_configuration);
  CHECK_FALSE(hidden.prints("hush"));
  const Outcome shown =
      rankwire({"print-config", "--validate=false", "--mode", "unredacted", "--config", path.c_str()});
  CHECK(shown.code == ExitCode::ok);
  CHECK(shown.prints("key: hush"));
}

TEST_CASE("a configuration is fetched over HTTP, and what cannot be fetched is an error with its URL") {
  const std::string body =
      "receivers: {otlp: {protocols: {http: }}}\nexporters: {nop: }\nservice: {pipelines: {logs: {receivers: [otlp], "
      "exporters: [nop]}}}\n";
  testing::RawServer server([&](testing::RawConnection& connection) {
    if (!connection.read_request().empty()) connection.answer(200, body);
  });
  CHECK(rankwire({"validate", "--config", server.url("/agent.yaml").c_str()}).prints("valid: logs"));
  const Outcome gone = rankwire({"validate", "--config", "http://127.0.0.1:1/agent.yaml"});
  CHECK(gone.code == ExitCode::invalid_configuration);
  CHECK(gone.complains("http://127.0.0.1:1/agent.yaml: error: cannot be fetched"));
}

TEST_CASE("references inside a configuration are fetched over HTTP: a section, a list, a value") {
  std::atomic<int> requests{0};
  testing::RawServer server([&](testing::RawConnection& connection) {
    const std::string request = connection.read_request();
    if (request.empty()) return;
    ++requests;
    const bool is_list = request.starts_with("GET /receivers ");
    if (is_list) return connection.answer(200, "[otlp]\n");
    const bool is_map = request.starts_with("GET /exporter ");
    connection.answer(200, is_map ? "endpoint: http://localhost:4318\ntimeout: ${yaml:7s}\n" : "gzip\n");
  });
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("agent.yaml");
  write(path, "receivers: {otlp: {protocols: {http: }}}\nexporters:\n  otlp_http: ${" + server.url("/exporter") +
                  "}\n  otlp_http/2: {endpoint: 'http://localhost:1', compression: \"${" + server.url("/name") +
                  "}\"}\nservice: {pipelines: {logs: {receivers: \"${" + server.url("/receivers") +
                  "}\", exporters: [otlp_http, otlp_http/2]}}}\n");
  const Outcome printed = rankwire({"print-config", "--config", path.c_str()});
  CHECK(printed.code == ExitCode::ok);
  CHECK(printed.prints("timeout: 7s"));
  CHECK(printed.prints("compression: gzip"));
  CHECK(requests == 3);  // Each once, however often the configuration is gone through.
}

TEST_CASE("what a reference in a configuration cannot fetch is an error at its line and column") {
  testing::RawServer server([&](testing::RawConnection& connection) {
    if (!connection.read_request().empty()) connection.answer(404, "nothing here");
  });
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("agent.yaml");
  const std::string url = server.url("/secret.txt");
  write(path, "receivers: {otlp: {protocols: {http: }}}\nexporters:\n  otlp_http:\n    endpoint: ${" + url +
                  "}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}\n");
  const Outcome gone = rankwire({"validate", "--config", path.c_str()});
  CHECK(gone.code == ExitCode::invalid_configuration);
  CHECK(gone.complains(path + ":4:15: error: exporters::otlp_http::endpoint: " + url +
                       " cannot be fetched: the server answered with status 404"));
}

TEST_CASE("components are listed with aliases and stability") {
  const Outcome yaml = rankwire({"components"});
  CHECK(yaml.prints("receivers:"));
  CHECK(yaml.prints("- name: redaction"));
  CHECK(yaml.prints("stability:"));
  CHECK(rankwire({"components", "--format", "table"}).prints("redaction"));
}

TEST_CASE("components are listed with every key and what becomes of it") {
  const Outcome fields = rankwire({"components", "--format", "fields"});
  CHECK(fields.prints("processors\tresource\tattributes[].key\tsupported\ttext\t"));
  CHECK(fields.prints("extensions\thealth_check\tgrpc\tunsupported\t"));
}

TEST_CASE("completion knows the real commands and options") {
  const Outcome outcome = rankwire({"completion", "bash"});
  CHECK(outcome.prints("print-config"));
  CHECK(outcome.prints("--drain-timeout"));
  CHECK(outcome.prints("'queue verify'"));
  CHECK(outcome.prints("redacted unredacted"));
}

TEST_CASE("a directory without a queue is a failure, not a crash") {
  testing::TemporaryDirectory directory;
  for (const char* action : {"inspect", "verify", "replay"}) {
    const Outcome outcome = rankwire({"queue", action, directory.path().c_str()});
    CHECK(outcome.code == ExitCode::failed);
    CHECK(outcome.complains("holds no queue"));
  }
}

}  // namespace
}  // namespace rankwire::app
