// Round trips, streams made by other programs' rules, damage, and bombs.
#include "net/compression.hpp"

#include <doctest/doctest.h>
#include <libdeflate.h>
#include <zstd.h>

namespace rankwire::net {
namespace {

constexpr Encoding all[] = {Encoding::identity, Encoding::gzip,   Encoding::zlib,          Encoding::deflate,
                            Encoding::zstd,     Encoding::snappy, Encoding::snappy_framed, Encoding::lz4};
constexpr Bytes plenty{64u << 20};

std::string mixed_text(std::size_t size) {
  std::string text;
  std::uint32_t state = 7;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += "step=" + std::to_string(state >> 12) + " loss=0.25 rank=3\n";
  }
  text.resize(size);
  return text;
}

Buffer packed(Encoding encoding, std::string_view text, int level = 0) {
  return *compress(encoding, std::span(&text, 1), level);
}

TEST_CASE("every encoding gives back what went in, of any size and in pieces") {
  for (const Encoding encoding : all) {
    CAPTURE(name_of(encoding));
    for (const std::size_t size : {0u, 1u, 100u, 65536u, 65537u, 1000000u}) {
      const std::string text = mixed_text(size);
      const std::string_view whole(text);
      const std::string_view pieces[] = {whole.substr(0, size / 3), {}, whole.substr(size / 3)};
      CHECK(decompress(encoding, packed(encoding, text).view(), plenty)->view() == text);
      CHECK(decompress(encoding, compress(encoding, pieces, 0)->view(), plenty)->view() == text);
    }
  }
}

TEST_CASE("levels are honoured and a level of zero or below is the default") {
  const std::string text = mixed_text(200000);
  for (const Encoding encoding : {Encoding::gzip, Encoding::zlib, Encoding::zstd, Encoding::lz4}) {
    CHECK(packed(encoding, text, 9).size() != packed(encoding, text, 1).size());
    CHECK(packed(encoding, text, -1).size() > 0);
  }
  const std::string_view view(text);
  CHECK_FALSE(compress(Encoding::gzip, std::span(&view, 1), 99).has_value());
}

TEST_CASE("names are those of HTTP and of the configuration") {
  for (const Encoding encoding : all) CHECK(encoding_named(name_of(encoding)) == encoding);
  CHECK(encoding_named("") == Encoding::identity);
  CHECK(encoding_named("none") == Encoding::identity);
  CHECK_FALSE(encoding_named("br").has_value());
}

TEST_CASE("several gzip members and several zstd frames are one body") {
  std::string twice(packed(Encoding::gzip, "first ").view());
  twice += packed(Encoding::gzip, mixed_text(5000)).view();
  twice += packed(Encoding::gzip, " last").view();
  CHECK(decompress(Encoding::gzip, twice, plenty)->view() == "first " + mixed_text(5000) + " last");
  std::string frames(packed(Encoding::zstd, mixed_text(5000)).view());
  frames += packed(Encoding::zstd, "end").view();
  CHECK(decompress(Encoding::zstd, frames, plenty)->view() == mixed_text(5000) + "end");
}

TEST_CASE("deflate is read as zlib and, from clients that get it wrong, as raw deflate") {
  const std::string text = mixed_text(3000);
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string raw(libdeflate_deflate_compress_bound(compressor, text.size()), '\0');
  raw.resize(libdeflate_deflate_compress(compressor, text.data(), text.size(), raw.data(), raw.size()));
  libdeflate_free_compressor(compressor);
  CHECK(decompress(Encoding::deflate, raw, plenty)->view() == text);
  CHECK(decompress(Encoding::deflate, packed(Encoding::zlib, text).view(), plenty)->view() == text);
  CHECK_FALSE(decompress(Encoding::zlib, raw, plenty).has_value());
}

TEST_CASE("snappy bodies are recognised whether framed or not") {
  CHECK(decompress(Encoding::snappy, packed(Encoding::snappy_framed, "text").view(), plenty)->view() == "text");
}

TEST_CASE("a streamed zstd frame that does not say its size is read") {
  const std::string text = mixed_text(300000);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_inBuffer from{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush);
  REQUIRE(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end) == 0);
  ZSTD_freeCCtx(context);
  REQUIRE(ZSTD_getFrameContentSize(out.data(), to.pos) == ZSTD_CONTENTSIZE_UNKNOWN);
  CHECK(decompress(Encoding::zstd, {out.data(), to.pos}, plenty)->view() == text);
}

TEST_CASE("a bomb is refused before more than the limit is asked for") {
  const std::string zeros(8u << 20, '\0');
  constexpr Bytes limit{1u << 20};
  for (const Encoding encoding : all) {
    CAPTURE(name_of(encoding));
    Bytes asked{};
    const auto result = decompress(encoding, packed(encoding, zeros).view(), limit, [&](Bytes total) {
      asked = std::max(asked, total);
      return true;
    });
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind() == ErrorKind::refused);
    CHECK(asked <= limit);
  }
}

TEST_CASE("a body of exactly the limit passes") {
  const std::string text = mixed_text(100000);
  for (const Encoding encoding : all) {
    CAPTURE(name_of(encoding));
    CHECK(decompress(encoding, packed(encoding, text).view(), Bytes{text.size()}).has_value());
    CHECK_FALSE(decompress(encoding, packed(encoding, text).view(), Bytes{text.size() - 1}).has_value());
  }
}

TEST_CASE("growth that the caller does not allow ends with refused") {
  const std::string text = mixed_text(100000);
  for (const Encoding encoding : all) {
    const auto result =
        decompress(encoding, packed(encoding, text).view(), plenty, [](Bytes total) { return total.count < 50000; });
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind() == ErrorKind::refused);
  }
}

TEST_CASE("a gzip trailer that lies about the size costs no memory and no correctness") {
  std::string body(packed(Encoding::gzip, mixed_text(10000)).view());
  body.replace(body.size() - 4, 4, "\xff\xff\xff\x7f");
  Bytes asked{};
  const auto result = decompress(Encoding::gzip, body, Bytes{1ull << 40}, [&](Bytes total) {
    asked = total;
    return true;
  });
  CHECK(result.error().kind() == ErrorKind::invalid);
  CHECK(asked.count < 10u << 20);
}

TEST_CASE("truncated and damaged bodies are invalid, never a part of the text") {
  const std::string text = mixed_text(2000);
  for (const Encoding encoding : all) {
    if (encoding == Encoding::identity) continue;
    CAPTURE(name_of(encoding));
    const Buffer good = packed(encoding, text);
    for (std::size_t size = 1; size + 1 < good.size(); size += 7) {
      const auto result = decompress(encoding, good.view().substr(0, size), plenty);
      // Framed snappy may end after any whole chunk: its stream has no end marker.
      if (encoding == Encoding::snappy_framed && size == 10) continue;
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind() == ErrorKind::invalid);
    }
    CHECK_FALSE(decompress(encoding, "these are not compressed bytes at all", plenty).has_value());
  }
}

TEST_CASE("an empty body is empty in every encoding") {
  for (const Encoding encoding : all) CHECK(decompress(encoding, {}, plenty)->empty());
}

TEST_CASE("large and small pieces in any order come back as one text in every encoding") {
  std::vector<std::string> texts;
  for (const std::size_t size : {10u, 300'000u, 5u, 70'000u, 70'000u, 0u, 140'000u, 1u})
    texts.push_back(std::string(size, static_cast<char>('a' + texts.size())) + std::to_string(size));
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  std::string whole;
  for (const std::string& text : texts) whole += text;
  for (const Encoding encoding :
       {Encoding::gzip, Encoding::zlib, Encoding::zstd, Encoding::snappy, Encoding::snappy_framed, Encoding::lz4}) {
    CAPTURE(name_of(encoding));
    const auto packed = compress(encoding, pieces, 0);
    REQUIRE(packed.has_value());
    const auto plain = decompress(encoding, packed->view(), Bytes{10'000'000});
    REQUIRE(plain.has_value());
    CHECK(plain->view() == whole);
  }
}

}  // namespace
}  // namespace rankwire::net
