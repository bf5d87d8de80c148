// The recursive descent behind parser.hpp. Each production fills its argument and returns whether it could;
// the first failure is kept and ends everything.
#pragma once

#include "ottl/syntax/lexer.hpp"
#include "ottl/syntax/problem.hpp"
#include "ottl/syntax/tree.hpp"

namespace rankwire::ottl {

class SyntaxParser {
 public:
  // `text` must outlive the parser.
  explicit SyntaxParser(std::string_view text);

  bool statement(Statement& out);
  bool condition(Expression& out);
  bool value(Expression& out);
  const Problem& problem() const { return problem_; }

 private:
  // Whether parentheses may hold a condition. What the parser meets first in a condition may be either:
  // `(a + b) > 1` and `(a > b) or c` begin alike.
  enum class Place : std::uint8_t { in_condition, in_value };

  bool any_of(Expression& out);
  bool all_of(Expression& out);
  template <class Chain>
  bool chained(TokenKind word, bool (SyntaxParser::*operand)(Expression&), Expression& out);
  bool negated(Expression& out);
  bool compared(Expression& out);
  bool must_be_condition(const Expression& expression);

  bool sum(Expression& out, Place place);
  bool product(Expression& out, Place place);
  bool signed_operand(Expression& out, Place place);
  bool operand(Expression& out, Place place);
  bool right_operand(Expression& left, ArithmeticOperator op, const Token& sign, Expression& right);
  bool calculates(const Expression& left);
  bool in_parentheses(Expression& out, Place place);

  bool text(std::string& out);
  bool text_literal(Expression& out);
  bool integer(Expression& out);
  bool real(Expression& out);
  bool bytes(Expression& out);
  bool upper_name(Expression& out);
  bool lower_name(Expression& out);
  bool path(Expression& out, const Token& first);
  bool path_segment(Path& path, const Token& name);
  bool field_of_map(const Segment& map);
  bool list(Expression& out);
  bool map(Expression& out);
  bool call(Expression& parent, Call& out, const Token& name);
  bool arguments(Expression& parent, Call& out);
  bool argument(Argument& out);
  bool argument_value(Expression& out);
  bool keys(Expression& parent, std::vector<Expression>& out);
  bool key(Expression& out);

  bool editor(Statement& out);
  bool no_editor();
  bool expect_end(const char* expected, bool is_statement = false);

  // One level deeper; the caller leaves it again.
  bool enter(const Token& at);
  void leave() { --depth_; }
  // Notes that `child` hangs below `parent`.
  bool adopt(Expression& parent, const Expression& child);

  Token take();
  // What kind the token behind the next one is.
  TokenKind peek() const;
  bool take_if(TokenKind kind);
  bool is(TokenKind kind) const { return token_.kind == kind; }
  // What stands next is not what was expected. A remedy for this place comes before the general ones.
  bool unexpected(std::string_view expected, std::string remedy = {});
  bool fail(std::uint32_t offset, std::string message, std::string remedy = {});
  // "the ( at 1:4 is still open"
  std::string still_open(const Token& opening) const;

  const std::string_view text_;
  Lexer lexer_;
  Token token_, previous_;
  std::uint32_t depth_ = 0;
  Problem problem_;
};

}  // namespace rankwire::ottl
