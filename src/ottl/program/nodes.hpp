// The nodes that are not calls of functions.
#pragma once

#include <array>
#include <string>

#include "ottl/program/function.hpp"
#include "ottl/program/keys.hpp"
#include "ottl/program/operators.hpp"
#include "ottl/program/path_field.hpp"

namespace rankwire::ottl {

class ConstantNode final : public Node {
 public:
  explicit ConstantNode(const Datum& datum) : Node(datum.type()), datum_(datum) {}
  bool evaluate(Frame&, Datum& out) const override {
    out = datum_;
    return true;
  }
  const Datum* constant() const override { return &datum_; }

 private:
  const Datum datum_;
};

// The keys of a path or converter.
class KeyList {
 public:
  explicit KeyList(std::vector<NodeRef> nodes) : nodes_(std::move(nodes)) {}
  bool empty() const { return nodes_.empty(); }
  bool evaluate(Frame& frame, std::array<Datum, keys_max>& room, Keys& keys) const;
  // Of a single key that is a constant text; else null.
  const Datum* only_text() const;

 private:
  std::vector<NodeRef> nodes_;
};

class PathNode final : public Target {
 public:
  // `is_always_there`: without keys it is never nil.
  PathNode(const PathField& field, KeyList keys, bool is_always_there);
  bool evaluate(Frame& frame, Datum& out) const override;
  bool set(Frame& frame, const Datum& value) const override;
  bool is_read_only() const override;
  bool may_be_nil() const override { return !is_always_there_; }
  Attributes* attributes(Frame& frame) const override {
    return keys_.empty() && field_.attributes != nullptr ? field_.attributes(frame) : nullptr;
  }

 private:
  // Without keys.
  void evaluate_whole(Frame& frame, Datum& out) const;
  bool set_whole(Frame& frame, const Datum& value) const;

  const PathField& field_;
  const KeyList keys_;
  const bool is_always_there_;
};

// attributes["key"], the most frequent of all.
class AttributeNode final : public Target {
 public:
  AttributeNode(const PathField& field, std::string_view key)
      : Target(Type::any), attributes_(field.attributes), is_read_only_(field.is_read_only), key_(key) {}
  bool evaluate(Frame& frame, Datum& out) const override;
  bool set(Frame& frame, const Datum& value) const override;
  bool is_read_only() const override { return is_read_only_; }

 private:
  Attributes* (*const attributes_)(Frame&);
  const bool is_read_only_;
  const std::string_view key_;  // In the program.
};

class IndexNode final : public Node {
 public:
  IndexNode(NodeRef base, KeyList keys) : Node(Type::any), base_(std::move(base)), keys_(std::move(keys)) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const NodeRef base_;
  const KeyList keys_;
};

class ListNode final : public Node {
 public:
  // `want`: what each item becomes.
  ListNode(std::vector<NodeRef> items, Want want) : Node(Type::list), items_(std::move(items)), want_(want) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const std::vector<NodeRef> items_;
  const Want want_;
};

// The first item that is not nil, whatever it is; those behind it are not evaluated.
class FirstNode final : public Node {
 public:
  explicit FirstNode(std::vector<NodeRef> items) : Node(Type::any), items_(std::move(items)) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const std::vector<NodeRef> items_;
};

class MapNode final : public Node {
 public:
  struct Entry {
    std::string_view key;  // In the program.
    NodeRef value;
  };
  explicit MapNode(std::vector<Entry> entries) : Node(Type::map), entries_(std::move(entries)) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const std::vector<Entry> entries_;
};

class ArithmeticNode final : public Node {
 public:
  ArithmeticNode(ArithmeticOperator op, NodeRef a, NodeRef b, Type type)
      : Node(type), op_(op), a_(std::move(a)), b_(std::move(b)) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const ArithmeticOperator op_;
  const NodeRef a_, b_;
};

class SignNode final : public Node {
 public:
  SignNode(bool is_negative, NodeRef operand)
      : Node(operand->type()), is_negative_(is_negative), operand_(std::move(operand)) {}
  bool evaluate(Frame& frame, Datum& out) const override;

 private:
  const bool is_negative_;
  const NodeRef operand_;
};

class ConstantCondition final : public Condition {
 public:
  explicit ConstantCondition(bool value) : value_(value) {}
  bool test(Frame&, bool& out) const override {
    out = value_;
    return true;
  }
  std::optional<bool> constant() const override { return value_; }

 private:
  const bool value_;
};

class ComparisonCondition final : public Condition {
 public:
  ComparisonCondition(ComparisonOperator op, NodeRef a, NodeRef b) : op_(op), a_(std::move(a)), b_(std::move(b)) {}
  bool test(Frame& frame, bool& out) const override;

 private:
  const ComparisonOperator op_;
  const NodeRef a_, b_;
};

// A converter whose result must be a boolean.
class ValueCondition final : public Condition {
 public:
  explicit ValueCondition(NodeRef value) : value_(std::move(value)) {}
  bool test(Frame& frame, bool& out) const override;

 private:
  const NodeRef value_;
};

class NotCondition final : public Condition {
 public:
  explicit NotCondition(ConditionRef operand) : operand_(std::move(operand)) {}
  bool test(Frame& frame, bool& out) const override {
    if (!operand_->test(frame, out)) return false;
    out = !out;
    return true;
  }

 private:
  const ConditionRef operand_;
};

// `and` ends at the first that is false, `or` at the first that is true: `decides`.
class ChainCondition final : public Condition {
 public:
  ChainCondition(std::vector<ConditionRef> operands, bool decides)
      : operands_(std::move(operands)), decides_(decides) {}
  bool test(Frame& frame, bool& out) const override {
    for (const ConditionRef& operand : operands_) {
      if (!operand->test(frame, out)) return false;
      if (out == decides_) return true;
    }
    return true;
  }

 private:
  const std::vector<ConditionRef> operands_;
  const bool decides_;
};

}  // namespace rankwire::ottl
