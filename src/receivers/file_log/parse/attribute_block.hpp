// Attribute sets that many records share, in one allocation that batches keep alive.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.hpp"
#include "signal/value.hpp"

namespace rankwire::file_log {

using AttributeTexts = std::vector<std::pair<std::string, std::string>>;

class AttributeBlock {
 public:
  AttributeBlock() = default;
  // Whoever keeps the block's memory keeps `owner` too, in which the values of `more` live: they
  // belong to every set but the first, in place of what is called the same there.
  AttributeBlock(const std::vector<AttributeTexts>& sets, std::shared_ptr<const void> owner,
                 std::span<const KeyValue> more = {});

  // Immutable: copied on the first change of a record. data() is never null and unique to the set
  // while the block lives, so that it identifies the set.
  Attributes set(std::size_t index) const { return sets_[index]; }
  // What a batch must keep while it uses a set.
  const SharedBytes& memory() const { return memory_; }

 private:
  SharedBytes memory_;
  std::vector<Attributes> sets_;
};

}  // namespace rankwire::file_log
