// Decoding of arbitrary bytes: counting agrees with it, what is encoded again decodes to the same,
// and splitting and sorting lose nothing. The first byte picks the signal.
#include "base/require.hpp"
#include "otlp/otlp.hpp"
#include "otlp/span_bytes.hpp"

namespace rankwire::otlp {

namespace {

std::string encoded(const SignalBatch& batch) {
  Buffer buffer;
  if (batch.signal() == Signal::logs) encode(batch.logs(), buffer);
  if (batch.signal() == Signal::metrics) encode(batch.metrics(), buffer);
  if (batch.signal() == Signal::traces) encode(batch.traces(), buffer);
  return std::string(buffer.view());
}

// Writes each span into a resource group of its own.
class Rewriter final : public SpanVisitor {
 public:
  void resource(std::string_view description) override { resource_ = description; }
  void scope(std::string_view description) override { scope_ = description; }
  void span(const TraceId&, bool, std::string_view field) override {
    const ScopePart part{scope_, {&field, 1}};
    append_resource(resource_, {&part, 1}, rewritten);
    ++spans;
  }

  Buffer rewritten;
  std::uint64_t spans = 0;

 private:
  std::string resource_, scope_;
};

void check_spans(std::string_view bytes, const SignalBatch* decoded) {
  Rewriter rewriter;
  const auto visited = visit_spans(bytes, rewriter);
  if (decoded == nullptr) return;
  require(visited.has_value(), "what decodes can be visited");
  require(rewriter.spans == decoded->record_count(), "every span is visited");
  const auto again = decode_traces(rewriter.rewritten.view());
  require(again && again->record_count() == rewriter.spans, "what is rewritten decodes");
}

void check(Signal signal, std::string_view bytes) {
  const auto shared = std::make_shared<const Buffer>(Buffer::copy_of(bytes));
  const auto count = count_records(signal, shared->view());
  const auto batch = decode(signal, shared);
  require(count.has_value() == batch.has_value(), "counting accepts what decoding accepts");
  static_cast<void>(decode(signal, shared, {.repair_utf8 = false, .memory_max = 64_KiB}));
  const WireBatch wire{
      .signal = signal, .chunks = {shared}, .record_count = batch ? *count : 10, .size = {bytes.size()}};
  const auto parts = split(wire, 2);
  if (signal == Signal::traces) check_spans(shared->view(), batch ? &*batch : nullptr);
  if (!batch) return;
  require(*count == batch->record_count(), "counting counts what decoding finds");

  const std::string once = encoded(*batch);
  const auto again = decode(signal, std::make_shared<const Buffer>(Buffer::copy_of(once)), {.repair_utf8 = false});
  require(again.has_value(), "what we encode decodes, with valid UTF-8");
  require(encoded(*again) == once, "encoding keeps everything");

  require(parts.has_value(), "what decodes can be split");
  std::uint64_t records = 0;
  for (const WireBatch& part : *parts) {
    const auto decoded = decode(part);
    require(decoded.has_value() && decoded->record_count() == part.record_count, "parts decode");
    records += part.record_count;
  }
  require(records == *count, "splitting keeps every record");
}

}  // namespace

}  // namespace rankwire::otlp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  rankwire::otlp::check(static_cast<rankwire::Signal>(data[0] % 3), bytes);
  return 0;
}
