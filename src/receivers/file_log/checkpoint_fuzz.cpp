// Any bytes as a checkpoint: decoding must neither crash nor invent files without a checksum.
#include <cstddef>
#include <cstdint>

#include "receivers/file_log/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::file_log;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)decode_checkpoint(bytes);
  // Most inputs would fail at the header: once more behind a good one.
  (void)decode_checkpoint(encode_header() + std::string(bytes));
  return 0;
}
