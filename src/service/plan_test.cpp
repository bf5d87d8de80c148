// Every rule about a configuration as a whole, by the message a user would read.
#include "service/plan.hpp"

#include "service/service_fixture.hpp"

namespace rankwire::service {
namespace {

using testing::Fixture;

// The diagnostics of a configuration, as text.
std::string problems(const std::string& yaml) {
  Fixture f;
  config::Diagnostics diagnostics;
  const config::Node root = config::parse_yaml(yaml, "agent.yaml", diagnostics);
  plan(root, f.registry, diagnostics);
  return diagnostics.text();
}

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, part);
  return found;
}

const std::string pipelines = "\nservice: {pipelines: {logs: {receivers: [source], exporters: [sink]}}}\n";

TEST_CASE("a complete configuration has no problems") {
  CHECK(problems("receivers: {source: }\nexporters: {sink: }" + pipelines).empty());
}

TEST_CASE("every problem is reported in one run, with its place") {
  const std::string text = problems(
      "receivers:\n  sorce: {}\n  source: {note: x, nope: 1}\nexporters:\n  sink: {}\nbogus: 1\n"
      "service:\n  pipelines:\n    logs: {receivers: [source, source/absent], exporters: [sink, sink]}\n");
  has(text, "agent.yaml:2:3");
  has(text, "unknown receiver type \"sorce\"");
  has(text, "did you mean \"source\"?");
  has(text, "nope");
  has(text, "unknown key \"bogus\"");
  has(text, "agent.yaml:9:");
  has(text, "names receiver \"source/absent\", which is not configured");
  has(text, "names \"sink\" twice");
}

TEST_CASE("an unknown type is one error, not another one where it is used") {
  const std::string text = problems(
      "receivers: {sorce: }\nexporters: {sink: }\nservice: {pipelines: {logs: {receivers: "
      "[sorce], exporters: [sink]}}}\n");
  has(text, "unknown receiver type \"sorce\"");
  CHECK(text.find("is not configured") == std::string::npos);
}

TEST_CASE("an exporter that two pipelines batch differently is a warning with place and remedy") {
  const std::string text = problems(
      "receivers: {source: }\nprocessors:\n  batching: {min_size: 5}\n  batching/same: {min_size: 5}\n"
      "  batching/other: {min_size: 7}\nexporters: {sink: , sink/alone: }\nservice:\n  pipelines:\n"
      "    logs: {receivers: [source], processors: [batching], exporters: [sink]}\n"
      "    logs/2: {receivers: [source], processors: [batching/same], exporters: [sink]}\n"
      "    logs/3: {receivers: [source], processors: [batching/other], exporters: [sink, sink/alone]}\n");
  has(text, "agent.yaml:5:3");
  has(text, "\"batching/other\" has no effect on exporter \"sink\" in pipeline \"logs/3\"");
  has(text, "sending_queue::batch");
  CHECK(text.find("batching/same") == std::string::npos);
  CHECK(text.find("sink/alone") == std::string::npos);
}

TEST_CASE("a component in the wrong section is told where it belongs") {
  has(problems("receivers: {sink: }\nexporters: {sink: }" + pipelines), "\"sink\" is an exporter");
}

TEST_CASE("an alias and the type name the same component") {
  Fixture f;
  const Plan made = f.plan(
      "receivers: {source: }\nexporters: {old_sink/x: }\n"
      "service: {pipelines: {logs: {receivers: [source], exporters: [sink/x]}}}\n");
  CHECK(made.exporters.front().id.text() == "sink/x");
  CHECK(made.exporters.front().written == "old_sink/x");
  has(problems("receivers: {source: }\nexporters: {sink: , old_sink: }" + pipelines), "a second time");
}

TEST_CASE("a pipeline needs a receiver, an exporter and a signal its components support") {
  has(problems("receivers: {source: }\nexporters: {sink: }\n"
               "service: {pipelines: {logs: {receivers: [], exporters: []}}}"),
      "a pipeline must have at least one receiver");
  has(problems("receivers: {source: }\nexporters: {sink: }\n"
               "service: {pipelines: {metrics: {receivers: [source], exporters: [sink]}}}"),
      "\"source\" does not support metrics");
  has(problems("receivers: {source: }\nexporters: {sink: }\n"
               "service: {pipelines: {log: {receivers: [source], exporters: [sink]}}}"),
      "did you mean \"logs\"?");
  has(problems("receivers: {source: }\nexporters: {sink: }\nservice: {}"), "must have at least one pipeline");
  has(problems("exporters: {sink: }" + pipelines), "at least one receiver must be configured");
  has(problems(""), "the configuration is empty");
}

TEST_CASE("connectors have two ends, an id of their own and form no circle") {
  const std::string base = "receivers: {source: }\nexporters: {sink: }\nconnectors: {bridge: , bridge/2: }\n";
  has(problems(base + "service: {pipelines: {logs: {receivers: [source], exporters: [sink, bridge]}}}"),
      "no pipeline has it as a receiver");
  has(problems(base + "service: {pipelines: {logs: {receivers: [source, bridge], exporters: [sink]}}}"),
      "no pipeline has it as an exporter");
  has(problems(base + "service: {pipelines: {logs: {receivers: [source, bridge/2], exporters: [bridge]}, "
                      "logs/2: {receivers: [bridge], exporters: [sink, bridge/2]}}}"),
      "leads back to itself");
}

TEST_CASE("what nothing refers to is a warning, and an absent extension an error") {
  const std::string text = problems("receivers: {source: , source/spare: }\nexporters: {sink: }" + pipelines);
  has(text, "receivers::source/spare");
  has(text, "not named in any pipeline");
  has(problems("receivers: {source: }\nexporters: {sink: }\nservice: {extensions: [storage], pipelines: {logs: "
               "{receivers: [source], exporters: [sink]}}}"),
      "names extension \"storage\", which is not configured");
  has(problems("receivers: {source: }\nexporters: {sink: {storage: storage}}\nextensions: {storage: {}}" + pipelines),
      "not listed in service::extensions");
}

TEST_CASE("the effective configuration is printed with defaults") {
  Fixture f;
  const std::string text = config::to_yaml(
      effective_config(f.plan("receivers: {source: }\nexporters: {old_sink/x: }\n"
                              "service: {pipelines: {logs: {receivers: [source], exporters: [sink/x]}}}\n"),
                       false));
  has(text, "old_sink/x:");
  has(text, "queue_size: 1000");
  has(text, "port: 8888");
  has(text, "level: info");
}

TEST_CASE("telemetry settings have otelcol's defaults and its older keys are understood") {
  Fixture f;
  const std::string head = "receivers: {source: }\nexporters: {sink: }\n";
  const std::string tail = "pipelines: {logs: {receivers: [source], exporters: [sink]}}}\n";
  const Plan plain = f.plan(head + "service: {" + tail);
  CHECK(plain.telemetry.logs.level == LogLevel::info);
  CHECK(plain.telemetry.logs.sampling.tick == std::chrono::seconds(10));
  CHECK(plain.telemetry.logs.sampling.initial == 10);
  CHECK(plain.telemetry.logs.sampling.thereafter == 100);
  REQUIRE(plain.telemetry.metrics.endpoint());
  CHECK(plain.telemetry.metrics.endpoint()->host == "localhost");
  CHECK(plain.telemetry.metrics.endpoint()->port == 8888);
  const Plan other = f.plan(head +
                            "service: {telemetry: {logs: {level: DEBUG}, metrics: {address: ':8888', level: detailed, "
                            "readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9999}}}}]}}, " +
                            tail);
  CHECK(other.telemetry.logs.level == LogLevel::debug);
  CHECK(other.telemetry.metrics.endpoint()->port == 9999);
  CHECK_FALSE(f.plan(head + "service: {telemetry: {metrics: {level: none}}, " + tail).telemetry.metrics.endpoint());
}

}  // namespace
}  // namespace rankwire::service
