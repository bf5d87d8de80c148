// Any text as input of a tool: what can be read becomes a request of each signal, which is JSON again.
#include "otlp/json_pieces.hpp"
#include "otlp/otlp.hpp"

using namespace rankwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = otlp::json_pieces({reinterpret_cast<const char*>(data), size});
  if (!pieces) return 0;
  for (const Signal signal : all_signals) {
    const std::string request = otlp::json_request(signal, *pieces);
    (void)otlp::decode_json(signal, request);
    const auto again = otlp::json_pieces(request);
    // What stands around the pieces may be one level too much.
    if (!again && again.error().message().find("depth") == std::string::npos) __builtin_trap();
  }
  return 0;
}
