#include "exposition/text_store.hpp"

#include <xxhash.h>

#include <cstring>

namespace rankwire::exposition {

namespace {

constexpr std::size_t chunk_bytes_min = 4096, chunk_bytes_max = 256 * 1024;

}  // namespace

std::string_view TextStore::add(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > left_) {
    // As large as all so far: a target with few series holds little, and one with many is in few chunks.
    const std::size_t size = std::max(text.size(), std::clamp(bytes_, chunk_bytes_min, chunk_bytes_max));
    auto chunk = std::make_shared<Buffer>();
    chunk->resize(size);
    at_ = chunk->data();
    left_ = size;
    bytes_ += size;
    chunks_.push_back(std::move(chunk));
  }
  std::memcpy(at_, text.data(), text.size());
  const std::string_view added(at_, text.size());
  at_ += text.size();
  left_ -= text.size();
  return added;
}

std::string_view PairTable::name_of(std::string_view name) {
  const std::uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), seed_);
  const std::uint32_t found = names_.find(hash, [&](std::uint32_t id) { return pairs_[id].key == name; });
  if (found != IdIndex::none) return pairs_[found].key;
  names_.add(hash, static_cast<std::uint32_t>(pairs_.size()));  // Of the pair that is about to be added.
  return texts_.add(name);
}

std::uint32_t PairTable::id_of(std::string_view name, std::string_view value) {
  const std::uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), seed_) * 0x9e3779b97f4a7c15 ^
                             XXH3_64bits_withSeed(value.data(), value.size(), seed_);
  const std::uint32_t found =
      index_.find(hash, [&](std::uint32_t id) { return pairs_[id].key == name && pairs_[id].value.text() == value; });
  if (found != IdIndex::none) return found;
  const auto id = static_cast<std::uint32_t>(pairs_.size());
  const std::string_view kept_name = name_of(name);
  pairs_.push_back({kept_name, Value::of(texts_.add(value))});
  index_.add(hash, id);
  return id;
}

}  // namespace rankwire::exposition
