// Timestamps: container runtimes' and users' layouts, the layout being fuzzed too.
#include <cstdint>
#include <string>

#include "text/time_layout.hpp"
#include "text/timestamp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::text;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::uint64_t nanos = 0;
  Rfc3339Reader reader;
  reader.read(text, nanos);
  reader.read(text, nanos);
  const std::size_t half = text.find('\n');
  if (half == std::string::npos) return 0;
  for (const char* type : {"strptime", "gotime", "epoch"})
    if (const auto layout = TimeLayout::make(type, text.substr(0, half), "UTC"); layout.has_value())
      layout->read(text.substr(half + 1), 1'700'000'000'000'000'000u, nanos);
  return 0;
}
