#include "receivers/file_log/parse/attribute_block.hpp"

#include <algorithm>
#include <new>

namespace rankwire::file_log {

namespace {
struct OwnedBuffer {
  Buffer buffer;
  std::shared_ptr<const void> owner;
};
}  // namespace

AttributeBlock::AttributeBlock(const std::vector<AttributeTexts>& sets, std::shared_ptr<const void> owner,
                               std::span<const KeyValue> more) {
  // An empty set still takes one place, to have an address of its own.
  std::size_t places = 0, text_size = 0;
  for (const AttributeTexts& set : sets) {
    places += std::max<std::size_t>(set.size() + more.size(), 1);
    for (const auto& [key, value] : set) text_size += key.size() + value.size();
  }
  auto owned = std::make_shared<OwnedBuffer>();
  owned->owner = std::move(owner);
  owned->buffer.resize(places * sizeof(KeyValue) + text_size);
  auto* entry = reinterpret_cast<KeyValue*>(owned->buffer.data());
  char* text = owned->buffer.data() + places * sizeof(KeyValue);
  const auto put = [&text](const std::string& from) {
    std::memcpy(text, from.data(), from.size());
    text += from.size();
    return std::string_view(text - from.size(), from.size());
  };
  for (const AttributeTexts& set : sets) {
    const std::span<const KeyValue> added = &set == &sets.front() ? std::span<const KeyValue>() : more;
    KeyValue* const first = entry;
    for (const auto& [key, value] : set) {
      const auto is_same = [&](const KeyValue& other) { return other.key == key; };
      if (std::any_of(added.begin(), added.end(), is_same)) continue;
      const std::string_view key_view = put(key);
      new (entry++) KeyValue{key_view, Value::of(put(value))};
    }
    for (const KeyValue& other : added) new (entry++) KeyValue(other);
    sets_.push_back(Attributes::shared(first, static_cast<std::uint32_t>(entry - first)));
    if (entry == first) new (entry++) KeyValue{};
  }
  memory_ = SharedBytes(owned, &owned->buffer);
}

}  // namespace rankwire::file_log
