// Feeds compressed bodies to every decoder. The first byte chooses the encoding.
#include <cstdlib>

#include "net/compression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace rankwire;
  if (size == 0) return 0;
  constexpr Bytes limit{1u << 20};
  const auto encoding = static_cast<net::Encoding>(data[0] % 8);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto result = net::decompress(encoding, body, limit, [&](Bytes total) {
    if (total > limit) std::abort();
    return true;
  });
  if (result && result->size() > limit.count) std::abort();
  return 0;
}
