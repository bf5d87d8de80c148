// Any bytes as a checkpoint: decoding must neither crash nor invent files without a checksum, and what it
// understands survives being written again.
#include <xxhash.h>

#include <cstddef>
#include <cstdint>

#include "base/require.hpp"
#include "receivers/file_log/checkpoint.hpp"

namespace {

using namespace rankwire::file_log;

void put(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(number >> shift));
}

// Records of arbitrary contents, with a good marker, length and checksum: the fuzzer cannot guess these.
std::string framed(std::string_view bytes) {
  std::string journal = encode_header();
  while (!bytes.empty()) {
    const std::string_view payload = bytes.substr(1, static_cast<unsigned char>(bytes.front()));
    put(journal, 0x52575031);
    put(journal, static_cast<std::uint32_t>(payload.size()));
    put(journal, static_cast<std::uint32_t>(XXH3_64bits(payload.data(), payload.size())));
    journal += payload;
    bytes.remove_prefix(1 + payload.size());
  }
  return journal;
}

std::string rewritten(const CheckpointContents& contents) {
  std::string bytes = encode_header();
  for (const auto& [id, file] : contents.files) bytes += encode_file(id, file);
  return bytes;
}

void check(const std::string& bytes) {
  const auto contents = decode_checkpoint(bytes);
  if (!contents) return;
  const std::string once = rewritten(*contents);
  const auto again = decode_checkpoint(once);
  rankwire::require(again.has_value() && again->damaged == 0, "what we write we can read");
  rankwire::require(again->files.size() == contents->files.size() && rewritten(*again) == once, "nothing is lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(std::string(bytes));
  // Most inputs would fail at the header: once more behind a good one, and as records with good checksums.
  check(encode_header() + std::string(bytes));
  check(framed(bytes));
  return 0;
}
