// Fills a map whose keys come from data: each put looks the key up, by hash once there are many.
#pragma once

#include <string_view>
#include <unordered_map>

#include "signal/value.hpp"

namespace rankwire::ottl {

class MapBuilder {
 public:
  explicit MapBuilder(Arena& arena) : arena_(arena) {}

  bool contains(std::string_view key) { return look_up(key) != nullptr; }
  // Replaces what has the key already, in its place.
  void put(std::string_view key, const Value& value) {
    if (KeyValue* entry = look_up(key); entry != nullptr) {
      entry->value = value;
      return;
    }
    entries_.push(arena_, {key, value});
    if (!places_.empty()) places_.emplace(key, entries_.size() - 1);
  }
  const Attributes& entries() const { return entries_; }

 private:
  static constexpr std::uint32_t scanned_max = 32;

  KeyValue* look_up(std::string_view key) {
    if (entries_.size() <= scanned_max) {
      for (KeyValue& entry : entries_)
        if (entry.key == key) return &entry;
      return nullptr;
    }
    if (places_.empty())
      for (std::uint32_t i = 0; i < entries_.size(); ++i) places_.emplace(entries_[i].key, i);
    const auto found = places_.find(key);
    return found != places_.end() ? &entries_[found->second] : nullptr;
  }

  Arena& arena_;
  Attributes entries_;
  std::unordered_map<std::string_view, std::uint32_t> places_;
};

}  // namespace rankwire::ottl
