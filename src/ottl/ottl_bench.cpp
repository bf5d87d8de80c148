// What statements cost beside code written by hand for the same work, alone and between decoding and encoding an
// OTLP request of 1,000 records of 300 bytes, as a pipeline does it.
#include <benchmark/benchmark.h>

#include "base/random.hpp"
#include "otlp/otlp.hpp"
#include "ottl/program.hpp"
#include "ottl/walk.hpp"
#include "text/mask_pattern.hpp"

namespace rankwire::ottl {
namespace {

constexpr int records_per_batch = 1000;

// One record in 32 is a warning; each body has a customer id.
Buffer request() {
  LogBatch batch;
  Arena& arena = batch.arena();
  LogResource& resource = batch.resources.push(arena, {});
  set(resource.resource.attributes, arena, "k8s.pod.name", Value::of("train-llm-worker-13"));
  LogScope& scope = resource.scopes.push(arena, {});
  const auto random = make_random(1);
  for (int i = 0; i < records_per_batch; ++i) {
    LogRecord& record = scope.records.push(arena, {});
    record.time_unix_nanos = 1'700'000'000'000'000'000u + random->next() % 1'000'000'000;
    record.severity_number = i % 32 == 0 ? 13 : 9;
    std::string body(150, ' ');
    for (char& c : body) c = static_cast<char>('a' + random->next() % 26);
    body.insert(70, " customer_id=" + std::to_string(random->next() % 1'000'000) + " ");
    record.body = Value::of(arena.copy(body));
    for (const char* key : {"log.iostream", "log.file.name", "logtag"})
      set(record.attributes, arena, key, Value::of("train-llm-worker-13_0.log"));
  }
  Buffer buffer;
  otlp::encode(batch, buffer);
  return buffer;
}

class Surroundings {
 public:
  Surroundings() : random_(make_random(1)) {}
  World world() { return {clock_, *random_}; }

 private:
  SystemClock clock_;
  std::unique_ptr<Random> random_;
};

// What `change` does to a batch, between decoding and encoding.
template <class Change>
void in_pipeline(benchmark::State& state, Change change) {
  const Buffer wire = request();
  Buffer out;
  for (auto _ : state) {
    auto batch = otlp::decode_logs(wire.view());
    change(*batch);
    out.clear();
    otlp::encode(*batch, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records_per_batch);
}

template <class Each>
void each_record(LogBatch& batch, Each each) {
  for (auto& resource : batch.resources)
    for (auto& scope : resource.scopes)
      for (auto& record : scope.records) each(record);
}

template <class Keep>
void keep_if(LogBatch& batch, Keep keep) {
  for (auto& resource : batch.resources)
    for (auto& scope : resource.scopes) {
      std::uint32_t kept = 0;
      for (auto& record : scope.records)
        if (keep(record)) scope.records[kept++] = record;
      scope.records.truncate(kept);
    }
}

void bench_nothing(benchmark::State& state) {
  in_pipeline(state, [](LogBatch&) {});
}
BENCHMARK(bench_nothing);

void bench_set_floor(benchmark::State& state) {
  in_pipeline(state, [](LogBatch& batch) {
    each_record(batch, [&](LogRecord& record) { set(record.attributes, batch.arena(), "team", Value::of("ml")); });
  });
}
BENCHMARK(bench_set_floor);

std::unique_ptr<const StatementGroup> statement(const std::string& text) {
  std::vector<TextProblem> problems;
  auto group =
      StatementGroup::compile({&text, 1}, {standard_functions(), contexts_of(Signal::logs)}, std::nullopt, problems);
  if (!group) std::fprintf(stderr, "%s: %s\n", text.c_str(), problems[0].problem.text().c_str());
  return group;
}

void run_statement(benchmark::State& state, const std::string& text) {
  const auto group = statement(text);
  if (!group) return state.SkipWithError("it does not compile");
  Surroundings surroundings;
  World world = surroundings.world();
  in_pipeline(state, [&](LogBatch& batch) {
    Frame frame(batch.arena(), world);
    walk(batch, group->context(), frame, [&](Frame& at) {
      bool ran = false;
      return group->run_one(0, at, ran);
    });
  });
}

void bench_set(benchmark::State& state) { run_statement(state, R"(set(log.attributes["team"], "ml"))"); }
BENCHMARK(bench_set);

// The mask: by hand with the prefilter, as the redaction processor does it, and as a statement.
constexpr const char* mask_expression = "customer_id=\\d+";

void bench_mask_floor(benchmark::State& state) {
  const auto pattern = text::MaskPattern::compile(mask_expression);
  std::string masked;
  in_pipeline(state, [&](LogBatch& batch) {
    each_record(batch, [&](LogRecord& record) {
      const std::string_view body = record.body.text();
      text::Match match;
      if (!pattern->find(body, 0, match)) return;
      masked.clear();
      std::size_t copied = 0;
      do {
        masked.append(body, copied, match.begin - copied).append("customer_id=REDACTED");
        copied = match.end;
      } while (pattern->find(body, copied, match));
      record.body = Value::of(batch.arena().copy(masked.append(body, copied)));
    });
  });
}
BENCHMARK(bench_mask_floor);

void bench_mask(benchmark::State& state) {
  run_statement(state, R"(replace_pattern(log.body, "customer_id=\\d+", "customer_id=REDACTED"))");
}
BENCHMARK(bench_mask);

void bench_match(benchmark::State& state) {
  run_statement(state, R"(set(log.severity_number, 13) where IsMatch(log.body, "customer_id=\\d+77 "))");
}
BENCHMARK(bench_match);

void bench_filter_floor(benchmark::State& state) {
  in_pipeline(state,
              [](LogBatch& batch) { keep_if(batch, [](const LogRecord& r) { return r.severity_number >= 13; }); });
}
BENCHMARK(bench_filter_floor);

void bench_filter(benchmark::State& state) {
  const std::string text = "log.severity_number < SEVERITY_NUMBER_WARN";
  std::vector<TextProblem> problems;
  const auto group =
      ConditionGroup::compile({&text, 1}, {standard_functions(), contexts_of(Signal::logs)}, std::nullopt, problems);
  Surroundings surroundings;
  World world = surroundings.world();
  struct Quiet final : Logger {
    void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
    bool is_enabled(LogLevel) const override { return false; }
  } log;
  Counters counters;
  const ErrorReporter reporter(ErrorMode::ignore, {"bench", log, counters}, {&text, 1}, {&text, 1});
  in_pipeline(state, [&](LogBatch& batch) {
    Frame frame(batch.arena(), world);
    keep_if(batch, [&](LogRecord& record) {
      bool drops = false;
      frame.log = &record;
      return group->any(frame, reporter, drops) && !drops;
    });
  });
}
BENCHMARK(bench_filter);

}  // namespace
}  // namespace rankwire::ottl

BENCHMARK_MAIN();
