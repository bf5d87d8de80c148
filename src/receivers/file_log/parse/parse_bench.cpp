// Bytes per second through the parser into a batch, on one thread. Run the release build.
#include <benchmark/benchmark.h>

#include "config/load.hpp"
#include "receivers/file_log/parse/parser_settings.hpp"

namespace rankwire::file_log {
namespace {

constexpr std::size_t text_size = 1024 * 1024;

std::string repeat(const std::string& lines) {
  std::string text;
  while (text.size() + lines.size() < text_size) text += lines;
  return text;
}

std::string plain_lines() { return repeat(std::string(511, 'x') + "\n"); }

std::string container_lines() {
  std::string message = "INFO step=41220 loss=2.31 grad_norm=0.91 tokens_per_s=148231 customer_id=1234567 ";
  message.append(236 - message.size() + 35, 'y');
  return repeat("2024-05-06T07:08:09.123456789Z stdout F " + message + "\n");
}

std::string java_traces() {
  std::string trace = "2024-05-06 07:08:09,123 ERROR [main] com.example.Main: request failed\n";
  trace += "java.lang.IllegalStateException: no more rows\n";
  for (int i = 0; i < 18; ++i)
    trace += "\tat com.example.storage.Table.readRow(Table.java:" + std::to_string(100 + i) + ")\n";
  return repeat(trace);
}

// An access log line of about 300 bytes with eleven fields.
std::string access_lines() {
  return repeat(
      "10.0.3.17 - alice [06/May/2024:07:08:09 +0000] \"GET /api/v1/models/llama/generate?tenant=42&session=abcdef "
      "HTTP/1.1\" 200 51234 \"https://console.example.com/models/llama\" \"Mozilla/5.0 (X11; Linux x86_64) "
      "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\" 0.123 upstream-7 0.120\n");
}

config::Node operators(const char* yaml) {
  config::Diagnostics diagnostics;
  return config::parse_yaml(yaml, "bench", diagnostics);
}

void run(benchmark::State& state, const std::string& text, ParserConfig config) {
  SystemClock clock;
  NullLogger log;
  Counters counters;
  config.max_log_size = 1_MiB;
  auto factory = make_parser_factory(config, clock, log, counters);
  if (factory == nullptr) return state.SkipWithError("the configuration is not valid");
  auto parser = factory->make({"/var/log/pods/ml_trainer-0_0a1b/trainer/0.log", "", "", "", ""});
  const auto buffer = std::make_shared<Buffer>(Buffer::copy_of(text));
  std::uint64_t offset = 0, records = 0;
  LogBatch batch;
  for (auto _ : state) {
    batch.reset();
    batch.keep(buffer);
    offset += parser->parse(buffer->view(), offset, false, batch);
    records += batch.record_count();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

void plain(benchmark::State& state) { run(state, plain_lines(), {}); }

void container(benchmark::State& state) {
  ParserConfig config;
  config.operators = operators("[{type: container}]");
  run(state, container_lines(), config);
}

void multiline_java(benchmark::State& state) {
  ParserConfig config;
  config.multiline = MultilineConfig{"^\\d{4}-\\d{2}-\\d{2}", "", false};
  run(state, java_traces(), config);
}

void recombine_java(benchmark::State& state) {
  ParserConfig config;
  config.preserve_leading_whitespaces = true;
  config.operators = operators(
      "[{type: recombine, combine_field: body, is_first_entry: 'body matches \"^\\\\d{4}-\\\\d{2}-\\\\d{2}\"'}]");
  run(state, java_traces(), config);
}

constexpr const char* access_pattern =
    "[{type: regex_parser, regex: '^(?P<remote>\\S+) - (?P<user>\\S+) \\[(?P<time>[^\\]]+)\\] \"(?P<method>\\S+) "
    "(?P<path>[^\" ]*) [^\"]*\" (?P<status>\\d+) (?P<bytes>\\d+) \"(?P<referrer>[^\"]*)\" \"(?P<agent>[^\"]*)\" "
    "(?P<took>\\S+) (?P<upstream>\\S+) (?P<upstream_took>\\S+)$'}]";

void regex_eleven_groups(benchmark::State& state) {
  ParserConfig config;
  config.operators = operators(access_pattern);
  run(state, access_lines(), config);
}

BENCHMARK(plain);
BENCHMARK(container);
BENCHMARK(multiline_java);
BENCHMARK(recombine_java);
BENCHMARK(regex_eleven_groups);

}  // namespace
}  // namespace rankwire::file_log

BENCHMARK_MAIN();
