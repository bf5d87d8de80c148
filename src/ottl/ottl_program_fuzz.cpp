// Any statements over any records. The first byte picks the signal; lines up to an empty one are statements, or
// conditions behind "= "; the rest is an OTLP request. What compiles runs over every record: it may fail, and must
// end, stay within its memory and leave a batch that can be encoded.
#include <algorithm>

#include "otlp/otlp.hpp"
#include "ottl/program.hpp"
#include "ottl/walk.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::ottl;

constexpr std::size_t input_bytes_max = 16 * 1024;
constexpr std::size_t lines_max = 4;
constexpr std::uint64_t records_max = 64;

class StoppedClock final : public Clock {
 public:
  Instant now() const override { return Instant(); }
  std::uint64_t unix_nanos() const override { return 1'700'000'000'000'000'000; }
};

template <class Use>
void each_frame(SignalBatch& batch, Context context, World& world, Use use) {
  const auto run = [&](auto& records) {
    Frame frame(records.arena(), world);
    walk(records, context, frame, use);
  };
  switch (batch.signal()) {
    case Signal::logs: return run(batch.logs());
    case Signal::metrics: return run(batch.metrics());
    case Signal::traces: return run(batch.traces());
  }
}

// What statements write may lie in their program: it outlives the batch.
using Programs = std::vector<std::unique_ptr<const StatementGroup>>;

void run_line(const std::string& line, SignalBatch& batch, World& world, Programs& programs) {
  const Dialect dialect{standard_functions(), contexts_of(batch.signal())};
  std::vector<TextProblem> problems;
  const std::vector<std::string> texts = {line.starts_with("= ") ? line.substr(2) : line};
  NullLogger log;
  Counters counters;
  const ErrorReporter reporter(ErrorMode::silent, {"fuzz", log, counters}, texts, texts);
  if (line.starts_with("= ")) {
    const auto group = ConditionGroup::compile(texts, dialect, std::nullopt, problems);
    bool holds = false;
    if (group) each_frame(batch, group->context(), world, [&](Frame& f) { return group->any(f, reporter, holds); });
    return;
  }
  auto group = StatementGroup::compile(texts, dialect, std::nullopt, problems);
  if (!group) return;
  each_frame(batch, group->context(), world, [&](Frame& f) { return group->run(f, reporter); });
  programs.push_back(std::move(group));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > input_bytes_max) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t end = std::min(all.find("\n\n"), all.size());
  const std::string_view request = all.substr(std::min(end + 2, all.size()));
  const Signal signal = all_signals[data[0] % 3];
  auto bytes = std::make_shared<Buffer>();
  bytes->append(request);
  auto batch = request.starts_with('{') ? otlp::decode_json(signal, request) : otlp::decode(signal, std::move(bytes));
  if (!batch || batch->record_count() > records_max) return 0;
  StoppedClock clock;
  const auto random = make_random(1);
  World world{clock, *random};
  Programs programs;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < lines_max && begin < end; ++i) {
    const std::size_t stop = std::min(all.find('\n', begin), end);
    run_line(std::string(all.substr(begin, stop - begin)), *batch, world, programs);
    begin = stop + 1;
  }
  Buffer out;
  otlp::encode_json(*batch, out);
  return 0;
}
