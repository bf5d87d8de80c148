// How fast log records of 300 bytes with 3 attributes are decoded, counted, encoded and split.
// Buffers are reused, as the agent's are.
#include <benchmark/benchmark.h>

#include "base/random.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp {

namespace {

constexpr int records_per_batch = 1000;

LogBatch make_batch(bool is_shared, std::size_t body_size) {
  LogBatch batch;
  Arena& arena = batch.arena();
  LogResource& resource = batch.resources.push(arena, {});
  set(resource.resource.attributes, arena, "k8s.pod.name", Value::of("train-llm-worker-13"));
  LogScope& scope = resource.scopes.push(arena, {});
  const auto random = make_random(1);
  Attributes shared;
  for (int i = 0; i < records_per_batch; ++i) {
    LogRecord& record = scope.records.push(arena, {});
    record.time_unix_nanos = 1'700'000'000'000'000'000u + random->next() % 1'000'000'000;
    record.observed_time_unix_nanos = record.time_unix_nanos + 1000;
    record.severity_number = 9;
    record.severity_text = "INFO";
    std::string body(body_size, ' ');
    for (char& c : body) c = static_cast<char>('a' + random->next() % 26);
    record.body = Value::of(arena.copy(body));
    if (i == 0 || !is_shared) {
      Attributes own;
      set(own, arena, "log.iostream", Value::of("stdout"));
      set(own, arena, "log.file.name", Value::of("train-llm-worker-13_0.log"));
      set(own, arena, "logtag", Value::of("F"));
      shared = own;
    }
    record.attributes = Attributes::shared(shared.data(), shared.size());
  }
  return batch;
}

std::string encoded(const LogBatch& batch) {
  Buffer buffer;
  encode(batch, buffer);
  return std::string(buffer.view());
}

void set_rates(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records_per_batch);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

void bench_encode(benchmark::State& state) {
  const LogBatch batch = make_batch(state.range(0) != 0, 175);
  Buffer buffer;
  for (auto _ : state) {
    buffer.clear();
    encode(batch, buffer);
    benchmark::DoNotOptimize(buffer.data());
  }
  set_rates(state, buffer.size());
}

void bench_decode(benchmark::State& state) {
  const std::string request = encoded(make_batch(true, 175));
  for (auto _ : state) {
    auto batch = decode_logs(request);
    benchmark::DoNotOptimize(batch->resources.data());
  }
  set_rates(state, request.size());
}

void bench_count(benchmark::State& state) {
  const std::string request = encoded(make_batch(true, 175));
  for (auto _ : state) benchmark::DoNotOptimize(*count_records(Signal::logs, request));
  set_rates(state, request.size());
}

void bench_split(benchmark::State& state) {
  const auto chunk = std::make_shared<const Buffer>(Buffer::copy_of(encoded(make_batch(true, 175))));
  const WireBatch wire{
      .signal = Signal::logs, .chunks = {chunk}, .record_count = records_per_batch, .size = {chunk->size()}};
  for (auto _ : state) benchmark::DoNotOptimize(split(wire, 100)->size());
  set_rates(state, chunk->size());
}

void bench_encode_json(benchmark::State& state) {
  const SignalBatch batch = make_batch(true, 175);
  Buffer buffer;
  for (auto _ : state) {
    buffer.clear();
    encode_json(batch, buffer);
  }
  set_rates(state, buffer.size());
}

void bench_decode_json(benchmark::State& state) {
  Buffer buffer;
  encode_json(make_batch(true, 175), buffer);
  for (auto _ : state) benchmark::DoNotOptimize(decode_json(Signal::logs, buffer.view())->record_count());
  set_rates(state, buffer.size());
}

BENCHMARK(bench_encode)->ArgName("shared_attributes")->Arg(1)->Arg(0);
BENCHMARK(bench_decode);
BENCHMARK(bench_count);
BENCHMARK(bench_split);
BENCHMARK(bench_encode_json);
BENCHMARK(bench_decode_json);

}  // namespace

}  // namespace rankwire::otlp

BENCHMARK_MAIN();
