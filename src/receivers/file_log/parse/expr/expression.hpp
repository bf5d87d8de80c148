// Expressions in the subset of expr-lang that operators use: `if`, `expr` and EXPR(...). Compiled
// once; evaluation allocates only in the batch's arena.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "receivers/file_log/parse/entry.hpp"

namespace rankwire::file_log::expr {

struct Evaluation {
  const Entry& entry;
  Arena& arena;
  const char* error = nullptr;  // A constant text, set by the first failure.
};

class Node {
 public:
  virtual ~Node() = default;
  virtual Value evaluate(Evaluation& e) const = 0;
};

class Expression {
 public:
  static Result<Expression> compile(std::string_view source);

  Value evaluate(Evaluation& e) const { return root_->evaluate(e); }
  // Whether it is true; anything but a boolean is an error.
  bool test(const Entry& entry, Arena& arena, const char*& error) const;
  // Whether it reads nothing of an entry.
  bool is_constant() const { return is_constant_; }

 private:
  std::shared_ptr<const Node> root_;
  bool is_constant_ = false;
};

// A text with EXPR(...) parts: "${namespace}" cannot be used, EXPR(attributes.x) can.
class Template {
 public:
  static Result<Template> compile(std::string_view source);

  bool is_constant() const;
  // Whether the whole text is one EXPR(...): then `evaluate` gives its value as it is.
  bool is_single() const { return parts_.size() == 1 && parts_[0].is_expression; }
  Value evaluate(Evaluation& e) const;

 private:
  struct Part {
    bool is_expression = false;
    std::string text;
    Expression expression;
  };
  std::vector<Part> parts_;
};

// As a person would write it: numbers without exponent where short, maps and lists as JSON.
std::string_view to_text(const Value& value, Arena& arena);

}  // namespace rankwire::file_log::expr
