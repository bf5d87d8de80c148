#include "receivers/file_log/parse/expr/nodes.hpp"

#include <cmath>

#include "text/pattern.hpp"

namespace rankwire::file_log::expr {

namespace {

Value fail(Evaluation& e, const char* why) {
  if (e.error == nullptr) e.error = why;
  return {};
}

bool is_number(const Value& value) { return value.type() == ValueType::integer || value.type() == ValueType::real; }
double real_of(const Value& value) {
  return value.type() == ValueType::real ? value.real() : static_cast<double>(value.integer());
}

bool same(const Value& a, const Value& b) {
  if (is_number(a) && is_number(b) && a.type() != b.type()) return real_of(a) == real_of(b);
  return equal(a, b);
}

class TextNode final : public Node {
 public:
  explicit TextNode(std::string text) : text_(std::move(text)) {}
  // Batches keep the configuration they were made with.
  Value evaluate(Evaluation&) const override { return Value::of(std::string_view(text_)); }
  const std::string& text() const { return text_; }

 private:
  const std::string text_;
};

class ConstantNode final : public Node {
 public:
  explicit ConstantNode(Value value) : value_(value) {}
  Value evaluate(Evaluation&) const override { return value_; }

 private:
  const Value value_;
};

class VariableNode final : public Node {
 public:
  explicit VariableNode(Variable variable) : variable_(variable) {}
  Value evaluate(Evaluation& e) const override {
    const LogRecord& record = e.entry.record;
    switch (variable_) {
      case Variable::body: return record.body;
      case Variable::attributes: return Value::of(record.attributes);
      case Variable::resource: return Value::of(e.entry.resource);
      case Variable::timestamp: return Value::of(static_cast<std::int64_t>(record.time_unix_nanos));
      case Variable::severity: return Value::of(static_cast<std::int64_t>(record.severity_number));
      case Variable::severity_text: return Value::of(record.severity_text);
    }
    return {};
  }

 private:
  const Variable variable_;
};

class IndexNode final : public Node {
 public:
  IndexNode(NodePointer of, NodePointer key, bool is_optional)
      : of_(std::move(of)), key_(std::move(key)), is_optional_(is_optional) {
    const auto* text = dynamic_cast<const TextNode*>(key_.get());
    if (text != nullptr) constant_key_ = text->text();
    has_constant_key_ = text != nullptr;
  }
  Value evaluate(Evaluation& e) const override {
    const Value of = of_->evaluate(e);
    if (e.error != nullptr) return {};
    if (is_optional_ && of.type() == ValueType::empty) return {};
    const Value key = has_constant_key_ ? Value::of(std::string_view(constant_key_)) : key_->evaluate(e);
    if (e.error != nullptr) return {};
    if (of.type() == ValueType::map && key.is_text()) {
      const Value* found = find(of.entries(), key.text());
      return found == nullptr ? Value() : *found;
    }
    if (of.type() == ValueType::array && key.type() == ValueType::integer) {
      const auto size = static_cast<std::int64_t>(of.items().size());
      const std::int64_t index = key.integer() < 0 ? size + key.integer() : key.integer();
      if (index < 0 || index >= size) return fail(e, "index out of range");
      return of.items()[static_cast<std::uint32_t>(index)];
    }
    return fail(e, "a value that is not a map or list has no elements");
  }

 private:
  const NodePointer of_, key_;
  const bool is_optional_;
  bool has_constant_key_ = false;
  std::string constant_key_;
};

class NotNode final : public Node {
 public:
  explicit NotNode(NodePointer operand) : operand_(std::move(operand)) {}
  Value evaluate(Evaluation& e) const override {
    const Value value = operand_->evaluate(e);
    if (value.type() != ValueType::boolean) return fail(e, "not needs a boolean");
    return Value::of(!value.boolean());
  }

 private:
  const NodePointer operand_;
};

class NegationNode final : public Node {
 public:
  explicit NegationNode(NodePointer operand) : operand_(std::move(operand)) {}
  Value evaluate(Evaluation& e) const override {
    const Value value = operand_->evaluate(e);
    if (value.type() == ValueType::real) return Value::of(-value.real());
    if (value.type() != ValueType::integer) return fail(e, "minus needs a number");
    return Value::of(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value.integer())));
  }

 private:
  const NodePointer operand_;
};

class BinaryNode final : public Node {
 public:
  BinaryNode(Binary operation, NodePointer left, NodePointer right)
      : operation_(operation), left_(std::move(left)), right_(std::move(right)) {}

  Value evaluate(Evaluation& e) const override {
    const Value left = left_->evaluate(e);
    if (operation_ == Binary::otherwise) {
      if (e.error == nullptr && left.type() != ValueType::empty) return left;
      e.error = nullptr;
      return right_->evaluate(e);
    }
    if (e.error != nullptr) return {};
    if (operation_ == Binary::logical_or || operation_ == Binary::logical_and) return logical(left, e);
    const Value right = right_->evaluate(e);
    if (e.error != nullptr) return {};
    if (operation_ == Binary::equal) return Value::of(same(left, right));
    if (operation_ == Binary::not_equal) return Value::of(!same(left, right));
    if (operation_ <= Binary::greater_equal) return compare(left, right, e);
    if (operation_ == Binary::in) return contains(left, right, e);
    if (operation_ <= Binary::ends_with) return search(left, right, e);
    return calculate(left, right, e);
  }

 private:
  Value logical(const Value& left, Evaluation& e) const {
    if (left.type() != ValueType::boolean) return fail(e, "and, or need booleans");
    if (left.boolean() == (operation_ == Binary::logical_or)) return left;
    const Value right = right_->evaluate(e);
    return right.type() == ValueType::boolean ? right : fail(e, "and, or need booleans");
  }

  Value compare(const Value& left, const Value& right, Evaluation& e) const {
    int order;
    if (left.is_text() && right.is_text()) {
      order = left.text().compare(right.text());
    } else if (left.type() == ValueType::integer && right.type() == ValueType::integer) {
      order = left.integer() < right.integer() ? -1 : left.integer() > right.integer() ? 1 : 0;
    } else if (is_number(left) && is_number(right)) {
      const double a = real_of(left), b = real_of(right);
      if (std::isnan(a) || std::isnan(b)) return Value::of(false);
      order = a < b ? -1 : a > b ? 1 : 0;
    } else {
      return fail(e, "these types cannot be compared");
    }
    switch (operation_) {
      case Binary::less: return Value::of(order < 0);
      case Binary::less_equal: return Value::of(order <= 0);
      case Binary::greater: return Value::of(order > 0);
      default: return Value::of(order >= 0);
    }
  }

  static Value contains(const Value& item, const Value& in, Evaluation& e) {
    if (in.type() == ValueType::empty) return Value::of(false);
    if (in.type() == ValueType::map)
      return item.is_text() ? Value::of(find(in.entries(), item.text()) != nullptr)
                            : fail(e, "the keys of a map are texts");
    if (in.type() != ValueType::array) return fail(e, "in needs a list or map");
    for (const Value& other : in.items())
      if (same(item, other)) return Value::of(true);
    return Value::of(false);
  }

  Value search(const Value& left, const Value& right, Evaluation& e) const {
    if (!left.is_text() || !right.is_text()) return fail(e, "contains, startsWith and endsWith need texts");
    if (operation_ == Binary::contains) return Value::of(left.text().find(right.text()) != std::string_view::npos);
    return Value::of(operation_ == Binary::starts_with ? left.text().starts_with(right.text())
                                                       : left.text().ends_with(right.text()));
  }

  Value calculate(const Value& left, const Value& right, Evaluation& e) const {
    if (operation_ == Binary::add && left.is_text() && right.is_text()) {
      char* joined = static_cast<char*>(e.arena.allocate(left.text().size() + right.text().size(), 1));
      std::memcpy(joined, left.text().data(), left.text().size());
      std::memcpy(joined + left.text().size(), right.text().data(), right.text().size());
      return Value::of(std::string_view(joined, left.text().size() + right.text().size()));
    }
    if (!is_number(left) || !is_number(right)) return fail(e, "arithmetic needs numbers");
    const bool is_integer = left.type() == ValueType::integer && right.type() == ValueType::integer;
    if (operation_ == Binary::divide) return Value::of(real_of(left) / real_of(right));
    if (operation_ == Binary::power) return Value::of(std::pow(real_of(left), real_of(right)));
    if (operation_ == Binary::remainder) {
      if (!is_integer || right.integer() == 0 || right.integer() == -1)
        return is_integer && right.integer() == -1 ? Value::of(std::int64_t{0})
                                                   : fail(e, "% needs whole numbers, not 0");
      return Value::of(left.integer() % right.integer());
    }
    if (!is_integer) {
      const double a = real_of(left), b = real_of(right);
      return Value::of(operation_ == Binary::add ? a + b : operation_ == Binary::subtract ? a - b : a * b);
    }
    // Wraps around, as upstream's integers do.
    const auto a = static_cast<std::uint64_t>(left.integer()), b = static_cast<std::uint64_t>(right.integer());
    const std::uint64_t result = operation_ == Binary::add ? a + b : operation_ == Binary::subtract ? a - b : a * b;
    return Value::of(static_cast<std::int64_t>(result));
  }

  const Binary operation_;
  const NodePointer left_, right_;
};

class MatchesNode final : public Node {
 public:
  MatchesNode(NodePointer left, text::Pattern pattern) : left_(std::move(left)), pattern_(std::move(pattern)) {}
  Value evaluate(Evaluation& e) const override {
    const Value left = left_->evaluate(e);
    if (e.error != nullptr) return {};
    if (!left.is_text()) return fail(e, "matches needs a text");
    return Value::of(pattern_.matches(left.text()));
  }

 private:
  const NodePointer left_;
  const text::Pattern pattern_;
};

class ChoiceNode final : public Node {
 public:
  ChoiceNode(NodePointer condition, NodePointer yes, NodePointer no)
      : condition_(std::move(condition)), yes_(std::move(yes)), no_(std::move(no)) {}
  Value evaluate(Evaluation& e) const override {
    const Value condition = condition_->evaluate(e);
    if (e.error != nullptr) return {};
    if (condition.type() != ValueType::boolean) return fail(e, "?: needs a boolean");
    return condition.boolean() ? yes_->evaluate(e) : no_->evaluate(e);
  }

 private:
  const NodePointer condition_, yes_, no_;
};

class ArrayNode final : public Node {
 public:
  explicit ArrayNode(std::vector<NodePointer> items) : items_(std::move(items)) {}
  Value evaluate(Evaluation& e) const override {
    List<Value> values;
    values.reserve(e.arena, static_cast<std::uint32_t>(items_.size()));
    for (const NodePointer& item : items_) values.push(e.arena, item->evaluate(e));
    return Value::of(values);
  }

 private:
  const std::vector<NodePointer> items_;
};

class MapNode final : public Node {
 public:
  explicit MapNode(std::vector<std::pair<NodePointer, NodePointer>> entries) : entries_(std::move(entries)) {}
  Value evaluate(Evaluation& e) const override {
    List<KeyValue> map;
    for (const auto& [key, value] : entries_) {
      const Value name = key->evaluate(e);
      if (!name.is_text()) return fail(e, "the keys of a map are texts");
      set(map, e.arena, name.text(), value->evaluate(e));
    }
    return Value::of(map);
  }

 private:
  const std::vector<std::pair<NodePointer, NodePointer>> entries_;
};

}  // namespace

NodePointer make_text(std::string text) { return std::make_unique<TextNode>(std::move(text)); }
NodePointer make_constant(Value value) { return std::make_unique<ConstantNode>(value); }
NodePointer make_variable(Variable variable) { return std::make_unique<VariableNode>(variable); }
NodePointer make_index(NodePointer of, NodePointer key, bool is_optional) {
  return std::make_unique<IndexNode>(std::move(of), std::move(key), is_optional);
}
NodePointer make_not(NodePointer operand) { return std::make_unique<NotNode>(std::move(operand)); }
NodePointer make_negation(NodePointer operand) { return std::make_unique<NegationNode>(std::move(operand)); }
NodePointer make_binary(Binary operation, NodePointer left, NodePointer right) {
  return std::make_unique<BinaryNode>(operation, std::move(left), std::move(right));
}
Result<NodePointer> make_matches(NodePointer left, const std::string& pattern) {
  auto compiled = text::Pattern::compile(pattern);
  if (!compiled) return Error(std::move(compiled).error());
  return NodePointer(std::make_unique<MatchesNode>(std::move(left), std::move(*compiled)));
}
NodePointer make_choice(NodePointer condition, NodePointer yes, NodePointer no) {
  return std::make_unique<ChoiceNode>(std::move(condition), std::move(yes), std::move(no));
}
NodePointer make_array(std::vector<NodePointer> items) { return std::make_unique<ArrayNode>(std::move(items)); }
NodePointer make_map(std::vector<std::pair<NodePointer, NodePointer>> entries) {
  return std::make_unique<MapNode>(std::move(entries));
}

}  // namespace rankwire::file_log::expr
