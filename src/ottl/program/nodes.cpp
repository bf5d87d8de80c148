#include "ottl/program/nodes.hpp"

#include "ottl/program/convert.hpp"

namespace rankwire::ottl {

bool KeyList::evaluate(Frame& frame, std::array<Datum, keys_max>& room, Keys& keys) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!nodes_[i]->evaluate(frame, room[i])) return false;
  keys = {room.data(), nodes_.size()};
  return true;
}

const Datum* KeyList::only_text() const {
  const Datum* constant = nodes_.size() == 1 ? nodes_[0]->constant() : nullptr;
  return constant != nullptr && constant->is(Type::text) ? constant : nullptr;
}

namespace {

// Of what is no value of telemetry nothing is kept, as in the original: a new entry is nil, one that is there stays.
bool is_kept_out(const Node& target, Frame& frame, const Datum& value) {
  if (value.is_telemetry()) return false;
  Datum now;
  return target.evaluate(frame, now) && !now.is_nil();
}

}  // namespace

PathNode::PathNode(const PathField& field, KeyList keys, bool is_always_there)
    : Target(keys.empty()                 ? field.type
             : field.keyed_get != nullptr ? field.keyed_type
                                          : Type::any),
      field_(field),
      keys_(std::move(keys)),
      is_always_there_(is_always_there && keys_.empty()) {}

bool PathNode::is_read_only() const {
  if (field_.attributes != nullptr || field_.value != nullptr) return field_.is_read_only;
  return keys_.empty() ? field_.set == nullptr : field_.keyed_set == nullptr;
}

void PathNode::evaluate_whole(Frame& frame, Datum& out) const {
  if (field_.get != nullptr) return field_.get(frame, out);
  if (field_.value != nullptr) {
    const Value* const value = field_.value(frame);
    out = value != nullptr ? Datum(*value) : Datum();
    return;
  }
  const Attributes* const attributes = field_.attributes(frame);
  out = attributes != nullptr ? Datum(Value::of(*attributes)) : Datum();
}

bool PathNode::evaluate(Frame& frame, Datum& out) const {
  if (keys_.empty()) return evaluate_whole(frame, out), true;
  std::array<Datum, keys_max> room;
  Keys keys;
  if (!keys_.evaluate(frame, room, keys)) return false;
  if (field_.value != nullptr) {
    const Value* value = field_.value(frame);
    return read_keys(frame, value != nullptr ? *value : Value(), keys, out);
  }
  if (field_.attributes != nullptr) {
    const Attributes* attributes = field_.attributes(frame);
    if (attributes == nullptr) return out = {}, true;
    return read_keys(frame, *attributes, keys, out);
  }
  if (!keys[0].is(Type::text)) return frame.fail("the key must be a text");
  field_.keyed_get(frame, keys[0].text(), out);
  return keys.size() == 1 || read_keys(frame, out.value(), keys.subspan(1), out);
}

bool PathNode::set_whole(Frame& frame, const Datum& value) const {
  if (field_.set != nullptr) return field_.set(frame, value);
  if (field_.value != nullptr) {
    Value* into = field_.value(frame);
    if (into != nullptr && value.is_telemetry()) *into = value.value();
    return true;
  }
  Attributes* into = field_.attributes(frame);
  if (!value.is(Type::map)) return expected(frame, Type::map, value);
  if (into != nullptr) *into = value.map();
  return true;
}

bool PathNode::set(Frame& frame, const Datum& value) const {
  if (keys_.empty()) return set_whole(frame, value);
  std::array<Datum, keys_max> room;
  Keys keys;
  if (!keys_.evaluate(frame, room, keys)) return false;
  if (field_.keyed_set != nullptr) {
    if (!keys[0].is(Type::text)) return frame.fail("the key must be a text");
    return field_.keyed_set(frame, keys[0].text(), value);
  }
  if (is_kept_out(*this, frame, value)) return true;
  if (field_.value != nullptr) {
    Value* into = field_.value(frame);
    return into == nullptr || write_keys(frame, *into, keys, value.value());
  }
  Attributes* into = field_.attributes(frame);
  return into == nullptr || write_keys(frame, *into, keys, value.value());
}

bool AttributeNode::evaluate(Frame& frame, Datum& out) const {
  const Attributes* attributes = attributes_(frame);
  const Value* found = attributes != nullptr ? find(*attributes, key_) : nullptr;
  out = found != nullptr ? Datum(*found) : Datum();
  return true;
}

bool AttributeNode::set(Frame& frame, const Datum& value) const {
  if (is_kept_out(*this, frame, value)) return true;
  if (Attributes* attributes = attributes_(frame); attributes != nullptr)
    rankwire::set(*attributes, frame.arena, key_, value.value());
  return true;
}

bool IndexNode::evaluate(Frame& frame, Datum& out) const {
  Datum base;
  std::array<Datum, keys_max> room;
  Keys keys;
  if (!base_->evaluate(frame, base) || !keys_.evaluate(frame, room, keys)) return false;
  return read_keys(frame, base.value(), keys, out);
}

bool ListNode::evaluate(Frame& frame, Datum& out) const {
  List<Value> items;
  items.reserve(frame.arena, static_cast<std::uint32_t>(items_.size()));
  for (const NodeRef& node : items_) {
    Datum item;
    if (!node->evaluate(frame, item) || !coerce(frame, want_, item)) return false;
    items.push(frame.arena, item.value());
  }
  out = Value::of(items);
  return true;
}

bool FirstNode::evaluate(Frame& frame, Datum& out) const {
  out = {};
  for (const NodeRef& node : items_) {
    if (!node->evaluate(frame, out)) return false;
    if (!out.is_nil()) return true;
  }
  return true;
}

bool MapNode::evaluate(Frame& frame, Datum& out) const {
  Attributes entries;
  entries.reserve(frame.arena, static_cast<std::uint32_t>(entries_.size()));
  for (const Entry& entry : entries_) {
    Datum value;
    if (!entry.value->evaluate(frame, value)) return false;
    rankwire::set(entries, frame.arena, entry.key, value.value());
  }
  out = Value::of(entries);
  return true;
}

bool ArithmeticNode::evaluate(Frame& frame, Datum& out) const {
  Datum a, b;
  return a_->evaluate(frame, a) && b_->evaluate(frame, b) && calculate(frame, op_, a, b, out);
}

bool SignNode::evaluate(Frame& frame, Datum& out) const {
  if (!is_negative_) return operand_->evaluate(frame, out);
  Datum operand;
  return operand_->evaluate(frame, operand) && negate(frame, operand, out);
}

bool ComparisonCondition::test(Frame& frame, bool& out) const {
  Datum room_a, room_b;
  const Datum* a = a_->constant();
  const Datum* b = b_->constant();
  if (a == nullptr) {
    if (!a_->evaluate(frame, room_a)) return false;
    a = &room_a;
  }
  if (b == nullptr) {
    if (!b_->evaluate(frame, room_b)) return false;
    b = &room_b;
  }
  out = compare(op_, *a, *b);
  return true;
}

bool ValueCondition::test(Frame& frame, bool& out) const {
  Datum value;
  if (!value_->evaluate(frame, value)) return false;
  if (!value.is(Type::boolean)) return expected(frame, Type::boolean, value);
  out = value.boolean();
  return true;
}

}  // namespace rankwire::ottl
