#include "signal/owned_attributes.hpp"

namespace rankwire {
namespace {

// Lists in front, where they are aligned, texts behind them.
struct Measure {
  std::size_t list_bytes = 0, text_bytes = 0;

  void add(const Value& value) {
    switch (value.type()) {
      case ValueType::text:
      case ValueType::bytes: text_bytes += value.text().size(); break;
      case ValueType::map: add(value.entries()); break;
      case ValueType::array:
        list_bytes += value.items().size() * sizeof(Value);
        for (const Value& item : value.items()) add(item);
        break;
      default: break;
    }
  }
  void add(const Attributes& attributes) {
    list_bytes += attributes.size() * sizeof(KeyValue);
    for (const KeyValue& entry : attributes) {
      text_bytes += entry.key.size();
      add(entry.value);
    }
  }
};

class BlockWriter {
 public:
  BlockWriter(std::byte* lists, std::byte* texts) : lists_(lists), texts_(texts) {}

  Attributes copy(const Attributes& attributes) {
    KeyValue* entries = take<KeyValue>(attributes.size());
    for (std::uint32_t i = 0; i < attributes.size(); ++i)
      new (entries + i) KeyValue{copy(attributes[i].key), copy(attributes[i].value)};
    return Attributes::shared(entries, attributes.size());
  }

 private:
  template <class T>
  T* take(std::uint32_t count) {
    T* at = reinterpret_cast<T*>(lists_);
    lists_ += count * sizeof(T);
    return at;
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    std::memcpy(texts_, text.data(), text.size());
    const std::string_view copied(reinterpret_cast<const char*>(texts_), text.size());
    texts_ += text.size();
    return copied;
  }
  Value copy(const Value& value) {
    switch (value.type()) {
      case ValueType::text: return Value::of(copy(value.text()));
      case ValueType::bytes: return Value::of_bytes(copy(value.text()));
      case ValueType::map: return Value::of(copy(value.entries()));
      case ValueType::array: {
        const List<Value> from = value.items();
        Value* items = take<Value>(from.size());
        for (std::uint32_t i = 0; i < from.size(); ++i) new (items + i) Value(copy(from[i]));
        return Value::of(List<Value>::shared(items, from.size()));
      }
      default: return value;
    }
  }

  std::byte* lists_;
  std::byte* texts_;
};

}  // namespace

OwnedAttributes::OwnedAttributes(const Attributes& attributes) : count_(attributes.size()) {
  if (attributes.empty()) return;
  Measure measure;
  measure.add(attributes);
  block_bytes_ = measure.list_bytes + measure.text_bytes;
  block_ = std::make_unique_for_overwrite<std::byte[]>(block_bytes_);
  BlockWriter(block_.get(), block_.get() + measure.list_bytes).copy(attributes);
}

}  // namespace rankwire
