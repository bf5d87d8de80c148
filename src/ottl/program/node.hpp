// The compiled form of an expression: a tree of nodes that know their types, with everything looked up that can
// be known before a record is there. Immutable, so that threads share it. Evaluation recurses over the tree,
// which is at most `nesting_max` levels high.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ottl/program/datum.hpp"
#include "ottl/program/frame.hpp"

namespace rankwire::ottl {

class Node {
 public:
  explicit Node(Type type) : type_(type) {}
  virtual ~Node() = default;
  // False: `frame.error` says why.
  virtual bool evaluate(Frame& frame, Datum& out) const = 0;
  // What it always gives; null if that depends on a record.
  virtual const Datum* constant() const { return nullptr; }
  // Type::any: it depends. Whatever the type, the result may be nil unless `may_be_nil` says no.
  Type type() const { return type_; }
  virtual bool may_be_nil() const { return constant() == nullptr || constant()->is_nil(); }

 private:
  const Type type_;
};
using NodeRef = std::unique_ptr<const Node>;

// What `where` takes.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool test(Frame& frame, bool& out) const = 0;
  // What it always gives.
  virtual std::optional<bool> constant() const { return std::nullopt; }
};
using ConditionRef = std::unique_ptr<const Condition>;

// A path: it can be set as well, unless `is_read_only`.
class Target : public Node {
 public:
  using Node::Node;
  virtual bool is_read_only() const = 0;
  // What does not fit its type is an error; nil is for the caller to leave out.
  virtual bool set(Frame& frame, const Datum& value) const = 0;
  // The map itself where it can be changed in place (attributes, cache); else null.
  virtual Attributes* attributes(Frame&) const { return nullptr; }
};

}  // namespace rankwire::ottl
