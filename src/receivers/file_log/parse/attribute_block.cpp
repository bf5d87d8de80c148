#include "receivers/file_log/parse/attribute_block.hpp"

#include <new>

namespace rankwire::file_log {

namespace {
struct OwnedBuffer {
  Buffer buffer;
  std::shared_ptr<const void> owner;
};
}  // namespace

AttributeBlock::AttributeBlock(const std::vector<AttributeTexts>& sets, std::shared_ptr<const void> owner) {
  // An empty set still takes one place, to have an address of its own.
  std::size_t places = 0, text_size = 0;
  for (const AttributeTexts& set : sets) {
    places += std::max<std::size_t>(set.size(), 1);
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
    sets_.push_back(Attributes::shared(entry, static_cast<std::uint32_t>(set.size())));
    for (const auto& [key, value] : set) {
      const std::string_view key_view = put(key);
      new (entry++) KeyValue{key_view, Value::of(put(value))};
    }
    if (set.empty()) new (entry++) KeyValue{};
  }
  memory_ = SharedBytes(owned, &owned->buffer);
}

}  // namespace rankwire::file_log
