// Push and pop of 256 KiB batches: through memory, through the disk while consumers keep up, and
// draining a backlog. Bytes per second are of payload.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "queue/queue.hpp"

namespace {

using namespace rankwire;

constexpr std::uint64_t batch_bytes = 256u << 10;

WireBatch make_batch() {
  static const auto chunk = std::make_shared<const Buffer>(Buffer::copy_of(std::string(batch_bytes, 'x')));
  WireBatch batch{.record_count = 800, .size = {batch_bytes}};
  batch.chunks.push_back(chunk);
  return batch;
}

struct Disk {
  Disk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rankwire-bench-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~Disk() { std::filesystem::remove_all(root); }
  std::unique_ptr<queue::Queue> open(bool must_sync) {
    auto opened = queue::open_disk_queue({.queue_size = 1'000'000}, Signal::logs,
                                         {.directory = root + "/q", .must_sync = must_sync}, *files, clock, log);
    if (!opened) std::abort();
    return std::move(*opened);
  }
  std::string root;
  SystemClock clock;
  NullLogger log;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
};

void push_and_pop(benchmark::State& state, queue::Queue& queue) {
  for (auto _ : state) {
    if (!queue.push(make_batch(), {})) state.SkipWithError("refused");
    queue.pop({})->done();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch_bytes));
}

void bench_memory(benchmark::State& state) {
  SystemClock clock;
  const auto queue = queue::make_memory_queue({}, Signal::logs, clock);
  push_and_pop(state, *queue);
}

void bench_disk(benchmark::State& state) {
  Disk disk;
  const auto queue = disk.open(state.range(0) != 0);
  push_and_pop(state, *queue);
}

void bench_disk_backlog(benchmark::State& state) {
  Disk disk;
  constexpr int count = 4096;  // 1 GiB.
  std::uint64_t memory_max = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto queue = disk.open(false);
    for (int i = 0; i < count; ++i)
      if (!queue->push(make_batch(), {})) state.SkipWithError("refused");
    queue.reset();
    state.ResumeTiming();
    queue = disk.open(false);
    queue->close();
    while (auto lease = queue->pop({})) {
      memory_max = std::max(memory_max, queue->status().memory.count);
      lease->done();
    }
  }
  state.SetBytesProcessed(state.iterations() * count * static_cast<std::int64_t>(batch_bytes));
  state.counters["memory_MiB"] = static_cast<double>(memory_max) / (1 << 20);
}

void bench_disk_push(benchmark::State& state) {
  Disk disk;
  const auto queue = disk.open(false);
  for (auto _ : state)
    if (!queue->push(make_batch(), {})) state.SkipWithError("refused");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch_bytes));
}

BENCHMARK(bench_memory);
BENCHMARK(bench_disk)->Arg(0)->Arg(1)->ArgName("sync")->UseRealTime();
BENCHMARK(bench_disk_push)->UseRealTime()->Iterations(4096);
BENCHMARK(bench_disk_backlog)->UseRealTime()->Iterations(2)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
