// FNV, MD5, SHA1, SHA256, SHA512, Murmur3Hash, Murmur3Hash128, XXH3, XXH128
#include <openssl/evp.h>
#include <xxhash.h>

#include <bit>
#include <cstring>

#include "ottl/functions/families.hpp"
#include "ottl/functions/hexadecimal.hpp"

namespace rankwire::ottl {
namespace {

bool fnv(Invocation& call, Datum& out) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : call.text(0)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  out = Value::of(static_cast<std::int64_t>(hash));
  return true;
}

bool in_hexadecimal(Invocation& call, const void* bytes, std::size_t size, Datum& out) {
  out = Value::of(to_hexadecimal({static_cast<const char*>(bytes), size}, call.arena()));
  return true;
}

template <const EVP_MD* (*function)()>
bool digest(Invocation& call, Datum& out) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const std::string_view text = call.text(0);
  if (EVP_Digest(text.data(), text.size(), bytes, &size, function(), nullptr) != 1)
    return call.fail("this machine's OpenSSL does not allow this hash");
  return in_hexadecimal(call, bytes, size, out);
}

template <class Word>
Word read_word(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Bytes behind the last whole block, as a little endian number.
template <class Word>
Word read_tail(std::string_view tail) {
  Word word = 0;
  for (std::size_t i = tail.size(); i > 0; --i) word = word << 8 | static_cast<unsigned char>(tail[i - 1]);
  return word;
}

std::uint32_t murmur32(std::string_view text) {
  constexpr std::uint32_t c1 = 0xCC9E2D51u, c2 = 0x1B873593u;
  std::uint32_t hash = 0;
  const std::size_t whole = text.size() / 4 * 4;
  for (std::size_t at = 0; at < whole; at += 4) {
    hash ^= std::rotl(read_word<std::uint32_t>(text.data() + at) * c1, 15) * c2;
    hash = std::rotl(hash, 13) * 5 + 0xE6546B64u;
  }
  if (whole != text.size()) hash ^= std::rotl(read_tail<std::uint32_t>(text.substr(whole)) * c1, 15) * c2;
  hash ^= static_cast<std::uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
  return hash ^ hash >> 16;
}

std::uint64_t mixed(std::uint64_t word) {
  word = (word ^ word >> 33) * 0xFF51AFD7ED558CCDu;
  word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53u;
  return word ^ word >> 33;
}

struct Hash128 {
  std::uint64_t first = 0, second = 0;
};

Hash128 murmur128(std::string_view text) {
  constexpr std::uint64_t c1 = 0x87C37B91114253D5u, c2 = 0x4CF5AD432745937Fu;
  Hash128 hash;
  const std::size_t whole = text.size() / 16 * 16;
  for (std::size_t at = 0; at < whole; at += 16) {
    hash.first ^= std::rotl(read_word<std::uint64_t>(text.data() + at) * c1, 31) * c2;
    hash.first = (std::rotl(hash.first, 27) + hash.second) * 5 + 0x52DCE729u;
    hash.second ^= std::rotl(read_word<std::uint64_t>(text.data() + at + 8) * c2, 33) * c1;
    hash.second = (std::rotl(hash.second, 31) + hash.first) * 5 + 0x38495AB5u;
  }
  const std::string_view tail = text.substr(whole);
  if (tail.size() > 8) hash.second ^= std::rotl(read_tail<std::uint64_t>(tail.substr(8)) * c2, 33) * c1;
  if (!tail.empty()) hash.first ^= std::rotl(read_tail<std::uint64_t>(tail.substr(0, 8)) * c1, 31) * c2;
  hash.first ^= text.size();
  hash.second ^= text.size();
  hash.first += hash.second;
  hash.second += hash.first;
  hash.first = mixed(hash.first);
  hash.second = mixed(hash.second);
  hash.first += hash.second;
  hash.second += hash.first;
  return hash;
}

bool murmur3(Invocation& call, Datum& out) {
  const std::uint32_t hash = murmur32(call.text(0));
  return in_hexadecimal(call, &hash, sizeof hash, out);
}

bool murmur3_128(Invocation& call, Datum& out) {
  const Hash128 hash = murmur128(call.text(0));
  return in_hexadecimal(call, &hash, sizeof hash, out);
}

bool xxh3(Invocation& call, Datum& out) {
  XXH64_canonical_t bytes;
  XXH64_canonicalFromHash(&bytes, XXH3_64bits(call.text(0).data(), call.text(0).size()));
  return in_hexadecimal(call, bytes.digest, sizeof bytes.digest, out);
}

bool xxh128(Invocation& call, Datum& out) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(call.text(0).data(), call.text(0).size()));
  return in_hexadecimal(call, bytes.digest, sizeof bytes.digest, out);
}

}  // namespace

void add_hash_functions(FunctionTable& table) {
  const auto add = [&](std::string_view name, Type result, Run run) {
    table.add({.name = name, .parameters = {{"target", Want::text}}, .result = result, .run = std::move(run)});
  };
  add("FNV", Type::integer, fnv);
  add("MD5", Type::text, digest<EVP_md5>);
  add("SHA1", Type::text, digest<EVP_sha1>);
  add("SHA256", Type::text, digest<EVP_sha256>);
  add("SHA512", Type::text, digest<EVP_sha512>);
  add("Murmur3Hash", Type::text, murmur3);
  add("Murmur3Hash128", Type::text, murmur3_128);
  add("XXH3", Type::text, xxh3);
  add("XXH128", Type::text, xxh128);
}

}  // namespace rankwire::ottl
