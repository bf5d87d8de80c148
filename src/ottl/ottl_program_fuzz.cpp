// Any statements over any records. The first byte picks the signal; then come lines up to an empty one, and an OTLP
// request. A line is a statement or, behind "= ", a condition; "@span " before it names its context; "% " begins what
// is known of the client: "% grpc" its transport, "% name: value" a header. What compiles runs over every record: it
// may fail, and must end, stay within its memory and leave a batch that can be encoded.
#include <algorithm>

#include "otlp/otlp.hpp"
#include "ottl/functions_fixture.hpp"
#include "ottl/program.hpp"
#include "ottl/walk.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::ottl;

constexpr std::size_t input_bytes_max = 16 * 1024;
constexpr std::size_t lines_max = 6;
constexpr std::uint64_t records_max = 64;

class StoppedClock final : public Clock {
 public:
  Instant now() const override { return Instant(); }
  std::uint64_t unix_nanos() const override { return 1'700'000'000'000'000'000; }
};

class Trial {
 public:
  explicit Trial(SignalBatch batch) : batch_(std::move(batch)) {}

  void line(std::string_view line) {
    if (line.starts_with("% ")) return know(line.substr(2));
    std::optional<Context> context;
    if (line.starts_with('@')) {
      const std::size_t end = std::min(line.find(' '), line.size());
      context = context_of(line.substr(1, end - 1));
      const auto& known = dialect_.contexts;
      if (!context || std::find(known.begin(), known.end(), *context) == known.end()) return;
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    const bool is_condition = line.starts_with("= ");
    const std::vector<std::string> texts = {std::string(line.substr(is_condition ? 2 : 0))};
    NullLogger log;
    Counters counters;
    const ErrorReporter reporter(ErrorMode::silent, {"fuzz", log, counters}, texts, texts);
    std::vector<TextProblem> problems;
    if (is_condition) {
      const auto group = ConditionGroup::compile(texts, dialect_, context, problems);
      bool holds = false;
      if (group) each_frame(group->context(), [&](Frame& f) { return group->any(f, reporter, holds); });
      return;
    }
    auto group = StatementGroup::compile(texts, dialect_, context, problems);
    if (!group) return;
    each_frame(group->context(), [&](Frame& f) { return group->run(f, reporter); });
    programs_.push_back(std::move(group));
  }

  void encode() const {
    Buffer out;
    otlp::encode_json(batch_, out);
  }

 private:
  void know(std::string_view what) {
    const std::size_t end = what.find(": ");
    client_known_ = true;
    if (end == std::string_view::npos)
      client_.transport = what == "grpc" ? "grpc" : "http";
    else
      client_.metadata.emplace_back(what.substr(0, end), what.substr(end + 2));
  }

  template <class Use>
  void each_frame(Context context, Use use) {
    const auto run = [&](auto& records) {
      Frame frame(records.arena(), world_);
      frame.client = client_known_ ? &client_ : nullptr;
      walk(records, context, frame, use);
    };
    switch (batch_.signal()) {
      case Signal::logs: return run(batch_.logs());
      case Signal::metrics: return run(batch_.metrics());
      case Signal::traces: return run(batch_.traces());
    }
  }

  StoppedClock clock_;
  const std::unique_ptr<Random> random_ = make_random(1);
  World world_{clock_, *random_};
  Client client_{.transport = "http", .address = "10.1.2.3", .metadata = {}};
  bool client_known_ = false;
  // What statements write may lie in their program: it outlives the batch.
  std::vector<std::unique_ptr<const StatementGroup>> programs_;
  SignalBatch batch_;
  const Dialect dialect_{all_functions(batch_.signal()), contexts_of(batch_.signal())};
};

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
  Trial trial(std::move(*batch));
  std::size_t begin = 0;
  for (std::size_t i = 0; i < lines_max && begin < end; ++i) {
    const std::size_t stop = std::min(all.find('\n', begin), end);
    trial.line(all.substr(begin, stop - begin));
    begin = stop + 1;
  }
  trial.encode();
  return 0;
}
