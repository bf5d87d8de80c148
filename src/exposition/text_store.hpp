// Texts and label pairs that outlive a page: each is held once, in chunks that batches keep alive by sharing them, so
// that points refer to them without a copy. Text is only ever added; a store that holds too much is replaced by
// another.
#pragma once

#include <vector>

#include "base/buffer.hpp"
#include "exposition/id_index.hpp"
#include "signal/batch.hpp"

namespace rankwire::exposition {

class TextStore {
 public:
  std::string_view add(std::string_view text);
  void keep_in(MetricBatch& batch) const {
    for (const SharedBytes& chunk : chunks_) batch.keep(chunk);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<SharedBytes> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0, bytes_ = 0;
};

class PairTable {
 public:
  PairTable(TextStore& texts, std::uint64_t seed) : texts_(texts), seed_(seed) {}
  std::uint32_t id_of(std::string_view name, std::string_view value);
  const KeyValue& operator[](std::uint32_t id) const { return pairs_[id]; }
  std::size_t bytes() const { return pairs_.capacity() * sizeof(KeyValue) + index_.bytes() + names_.bytes(); }
  void trim() { pairs_.shrink_to_fit(); }

 private:
  std::string_view name_of(std::string_view name);

  TextStore& texts_;
  const std::uint64_t seed_;
  std::vector<KeyValue> pairs_;
  IdIndex index_, names_;  // Of names: a pair that has it.
};

}  // namespace rankwire::exposition
