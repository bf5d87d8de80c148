// Compressed rotated files: any bytes, and good ones damaged at one place. Whatever stands in the file and
// however it is read, the contents are what zlib alone makes of them, and never more.
#include <zlib.h>

#include <cstdint>

#include "base/require.hpp"
#include "receivers/file_log/gzip_stream.hpp"
#include "testing/memory_file_system.hpp"

namespace rankwire::file_log {

namespace {

constexpr std::size_t contents_max = 64 * 1024;

struct Contents {
  std::string text;
  bool is_damaged = false;
  bool is_complete = false;
};

Contents read_all(const std::string& bytes, std::size_t step) {
  rankwire::testing::MemoryFileSystem files;
  files.put("a.gz", bytes);
  const auto file = files.open("a.gz", {});
  GzipStream stream;
  Contents contents;
  std::string piece(step, '\0');
  while (contents.text.size() < contents_max) {
    const auto count = stream.read(**file, piece.data(), piece.size());
    contents.is_damaged = !count;
    if (!count || *count == 0) break;
    require(*count <= step, "never more than there is room for");
    contents.text.append(piece, 0, *count);
    require(stream.offset() == contents.text.size(), "counts what it gives");
  }
  contents.is_complete = stream.is_complete();
  return contents;
}

// The same by zlib's own loop over members.
std::string by_zlib(const std::string& bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text(contents_max, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  int code = Z_OK;
  while (stream.avail_in != 0 && stream.avail_out != 0 && code == Z_OK) {
    code = inflate(&stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) code = inflateReset(&stream);
  }
  text.resize(contents_max - stream.avail_out);
  inflateEnd(&stream);
  return text;
}

std::string compressed(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void check(const std::string& bytes, std::size_t step) {
  const Contents contents = read_all(bytes, step);
  const Contents at_once = read_all(bytes, contents_max);
  const std::size_t both = std::min({contents.text.size(), at_once.text.size(), contents_max});
  require(contents.text.substr(0, both) == at_once.text.substr(0, both), "pieces make the same contents");
  require(contents.text.size() >= contents_max || contents.is_damaged == at_once.is_damaged,
          "damage is seen either way");
  require(at_once.text.substr(0, contents_max) == by_zlib(bytes), "the contents are those of zlib");
}

}  // namespace

}  // namespace rankwire::file_log

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::file_log;
  if (size < 4) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t step = 1 + data[0] * std::size_t{7};
  check(std::string(rest), step);

  // Two members of the rest, whole; cut off; and with one byte changed.
  const std::size_t half = rest.size() / 2;
  std::string good = compressed(rest.substr(0, half)) + compressed(rest.substr(half));
  const Contents whole = read_all(good, step);
  rankwire::require(whole.text == rest.substr(0, contents_max) && !whole.is_damaged, "what is whole is read whole");
  rankwire::require(whole.is_complete == !rest.empty(), "and is complete");
  const std::size_t place = (std::size_t{data[1]} << 8 | data[2]) % good.size();
  const Contents cut = read_all(good.substr(0, place), step);
  rankwire::require(!cut.is_damaged && rest.starts_with(cut.text), "what is cut off is good so far");
  good[place] = static_cast<char>(good[place] ^ (1 << data[0] % 8));
  check(good, step);
  return 0;
}
