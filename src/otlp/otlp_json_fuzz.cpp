// Decoding of arbitrary JSON: what is encoded again decodes to the same, and goes through protobuf
// unchanged. The first byte picks the signal.
#include "base/require.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp {

namespace {

std::string json_of(const SignalBatch& batch) {
  Buffer buffer;
  encode_json(batch, buffer);
  return std::string(buffer.view());
}

void check(Signal signal, std::string_view text) {
  static_cast<void>(decode_response_json(text, signal));
  static_cast<void>(decode_response(text, signal));
  const auto batch = decode_json(signal, text);
  if (!batch) return;
  const std::string once = json_of(*batch);
  const auto again = decode_json(signal, once);
  require(again.has_value(), "what we write we can read");
  require(json_of(*again) == once, "writing keeps everything");
  const WireBatch wire = encode(*batch, nullptr);
  if (wire.chunks.empty()) return;
  const auto decoded = decode(wire);
  require(decoded.has_value() && json_of(*decoded) == once, "protobuf keeps everything");
}

}  // namespace

}  // namespace rankwire::otlp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  rankwire::otlp::check(static_cast<rankwire::Signal>(data[0] % 3), text);
  return 0;
}
