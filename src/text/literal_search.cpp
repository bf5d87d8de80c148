#include "text/literal_search.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rankwire::text {

namespace {

// About how often a byte occurs in logs: what comes late here, or not at all, is rare.
constexpr std::string_view by_frequency = " etaoinsr0l1dhcum2p.fg3w:y/b4-v56k789,=x_jqz\"";

std::size_t rarity(char byte) { return std::min(by_frequency.find(byte), by_frequency.size()); }

#if defined(__x86_64__)

constexpr std::size_t block = 32;

// Where two bytes may stand: `rare` at an offset from the candidate, `second` at another.
struct Pair {
  char rare, second;
  std::size_t rare_offset, second_offset;
};

// Of the 32 candidates from `at` on, those where both bytes are.
[[gnu::target("avx2"), gnu::always_inline]] inline std::uint32_t candidates_at(const char* at, const Pair& pair) {
  const __m256i rare = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + pair.rare_offset));
  const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + pair.second_offset));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(
      _mm256_cmpeq_epi8(rare, _mm256_set1_epi8(pair.rare)), _mm256_cmpeq_epi8(second, _mm256_set1_epi8(pair.second)))));
}

// The first candidate from `from` on, of `count`, which is at least a block; npos if there is none.
[[gnu::target("avx2")]] std::size_t next_candidate(const char* text, std::size_t from, std::size_t count, Pair pair) {
  for (; from + block <= count; from += block) {
    const std::uint32_t hits = candidates_at(text + from, pair);
    if (hits != 0) return from + static_cast<std::size_t>(__builtin_ctz(hits));
  }
  if (from >= count) return LiteralSearch::npos;
  // The last block overlaps the one before, so that nothing behind the text is read.
  const std::size_t last = count - block;
  const std::uint32_t hits = candidates_at(text + last, pair) & (~std::uint32_t{0} << (from - last));
  return hits == 0 ? LiteralSearch::npos : last + static_cast<std::size_t>(__builtin_ctz(hits));
}

#endif

}  // namespace

LiteralSearch::LiteralSearch(std::string literal) : literal_(std::move(literal)) {
  for (std::size_t i = 1; i < literal_.size(); ++i)
    if (rarity(literal_[i]) > rarity(literal_[rare_])) rare_ = i;
  second_ = rare_ == 0 ? literal_.size() - 1 : 0;
  for (std::size_t i = 0; i < literal_.size(); ++i)
    if (i != rare_ && rarity(literal_[i]) > rarity(literal_[second_])) second_ = i;
#if defined(__x86_64__)
  is_wide_ = __builtin_cpu_supports("avx2");
#endif
}

std::size_t LiteralSearch::find(std::string_view text, std::size_t from) const {
  if (from > text.size() || text.size() - from < literal_.size()) return npos;
  const char* const start = text.data() + from;
  const std::size_t size = text.size() - from;
#if defined(__x86_64__)
  if (const std::size_t candidates = size - literal_.size() + 1; is_wide_ && candidates >= block) {
    const Pair pair{literal_[rare_], literal_[second_], rare_, second_};
    std::size_t at = next_candidate(start, 0, candidates, pair);
    while (at != npos && std::memcmp(start + at, literal_.data(), literal_.size()) != 0)
      at = next_candidate(start, at + 1, candidates, pair);
    return at == npos ? npos : from + at;
  }
#endif
  const void* hit = ::memmem(start, size, literal_.data(), literal_.size());
  return hit == nullptr ? npos : from + static_cast<std::size_t>(static_cast<const char*>(hit) - start);
}

}  // namespace rankwire::text
