// Statements and conditions; values are in parse_values.cpp.
#include "ottl/syntax/parser.hpp"

#include <algorithm>

#include "ottl/syntax/characters.hpp"
#include "ottl/syntax/remedies.hpp"
#include "ottl/syntax/syntax_parser.hpp"

namespace rankwire::ottl {
namespace {

constexpr const char* comparison_expected = "a comparison (== != < <= > >=)";

template <class Tree>
Result<Tree> parse(std::string_view text, bool (SyntaxParser::*production)(Tree&), Problem* problem) {
  Problem found;
  if (text.size() > text_bytes_max) {
    found.message = "the text has " + std::to_string(text.size()) + " bytes, at most " +
                    std::to_string(text_bytes_max) + " are accepted";
  } else {
    SyntaxParser parser(text);
    Tree tree;
    if ((parser.*production)(tree)) return tree;
    found = parser.problem();
  }
  Error error = found.as_error();
  if (problem != nullptr) *problem = std::move(found);
  return error;
}

bool comparison_operator(TokenKind kind, ComparisonOperator& op) {
  switch (kind) {
    case TokenKind::equal: op = ComparisonOperator::equal; return true;
    case TokenKind::not_equal: op = ComparisonOperator::not_equal; return true;
    case TokenKind::less: op = ComparisonOperator::less; return true;
    case TokenKind::less_equal: op = ComparisonOperator::less_equal; return true;
    case TokenKind::greater: op = ComparisonOperator::greater; return true;
    case TokenKind::greater_equal: op = ComparisonOperator::greater_equal; return true;
    default: return false;
  }
}

}  // namespace

Result<Statement> parse_statement(std::string_view text, Problem* problem) {
  return parse(text, &SyntaxParser::statement, problem);
}

Result<Expression> parse_condition(std::string_view text, Problem* problem) {
  return parse(text, &SyntaxParser::condition, problem);
}

Result<Expression> parse_value(std::string_view text, Problem* problem) {
  return parse(text, &SyntaxParser::value, problem);
}

SyntaxParser::SyntaxParser(std::string_view text) : text_(text), lexer_(text), token_(lexer_.next()) {}

bool SyntaxParser::statement(Statement& out) {
  out.text = text_;
  if (!editor(out)) return false;
  if (is(TokenKind::name) && token_.text == "where") {
    take();
    Expression condition;
    if (!any_of(condition) || !must_be_condition(condition)) return false;
    out.condition = std::move(condition);
    return expect_end("and, or, or the end", true);
  }
  if (is(TokenKind::word_and)) return unexpected("where or the end", "a condition begins with where");
  return expect_end("where or the end", true);
}

bool SyntaxParser::condition(Expression& out) {
  return any_of(out) && must_be_condition(out) && expect_end("and, or, or the end");
}

bool SyntaxParser::value(Expression& out) { return sum(out, Place::in_value) && expect_end("the end"); }

bool SyntaxParser::editor(Statement& out) {
  if (!is(TokenKind::name) || peek() != TokenKind::left_parenthesis) return no_editor();
  const Token name = take();
  if (!is_lower(name.text[0])) {
    return fail(name.offset, "found the converter " + describe(name) + ", expected an editor",
                "editors begin with a lower-case letter: " + to_snake_case(name.text) +
                    "(…); a converter stands inside of one, as in set(attributes[\"x\"], " + std::string(name.text) +
                    "(…))");
  }
  out.offset = name.offset;
  Expression whole;  // Only measures the height.
  whole.offset = name.offset;
  if (!call(whole, out.editor, name)) return false;
  if (!out.editor.keys.empty()) {
    return fail(out.editor.keys[0].offset, "an editor has no result that a key could follow",
                "paths and converters can have keys");
  }
  return true;
}

bool SyntaxParser::no_editor() {
  std::string remedy = "a statement changes something: set(path, value)";
  Lexer rest(text_);
  for (Token token = rest.next(); token.kind != TokenKind::end && token.kind != TokenKind::broken;
       token = rest.next()) {
    if (token.kind == TokenKind::assign) remedy = "to assign, write set(path, value)";
  }
  if (is(TokenKind::broken)) remedy.clear();
  return unexpected("an editor, as set(…)", std::move(remedy));
}

bool SyntaxParser::any_of(Expression& out) {
  return chained<Disjunction>(TokenKind::word_or, &SyntaxParser::all_of, out);
}

bool SyntaxParser::all_of(Expression& out) {
  return chained<Conjunction>(TokenKind::word_and, &SyntaxParser::negated, out);
}

// One operand stays itself; several, with `word` between them, make a chain.
template <class Chain>
bool SyntaxParser::chained(TokenKind word, bool (SyntaxParser::*operand)(Expression&), Expression& out) {
  if (!(this->*operand)(out)) return false;
  if (!is(word)) return true;
  Expression whole;
  whole.offset = token_.offset;
  Chain chain;
  if (!must_be_condition(out) || !adopt(whole, out)) return false;
  chain.operands.push_back(std::move(out));
  while (take_if(word)) {
    Expression next;
    if (!(this->*operand)(next) || !must_be_condition(next) || !adopt(whole, next)) return false;
    chain.operands.push_back(std::move(next));
  }
  whole.node = std::move(chain);
  out = std::move(whole);
  return true;
}

bool SyntaxParser::negated(Expression& out) {
  if (!is(TokenKind::word_not)) return compared(out);
  out.offset = take().offset;
  Expression inner;
  if (!compared(inner) || !must_be_condition(inner) || !adopt(out, inner)) return false;
  Negation negation;
  negation.operands.push_back(std::move(inner));
  out.node = std::move(negation);
  return true;
}

bool SyntaxParser::compared(Expression& out) {
  Expression left;
  if (!sum(left, Place::in_condition)) return false;
  Comparison comparison;
  if (!comparison_operator(token_.kind, comparison.op)) {
    out = std::move(left);
    return true;
  }
  out.offset = take().offset;
  Expression right;
  if (!sum(right, Place::in_value) || !adopt(out, left) || !adopt(out, right)) return false;
  comparison.operands.reserve(2);
  comparison.operands.push_back(std::move(left));
  comparison.operands.push_back(std::move(right));
  out.node = std::move(comparison);
  return true;
}

bool SyntaxParser::must_be_condition(const Expression& expression) {
  if (is_condition(expression)) return true;
  std::string remedy = general_remedy(token_, previous_);
  if (remedy.empty() && expression.kind() == Kind::path) remedy = "to ask whether it is there, write != nil";
  if (remedy.empty() && expression.kind() == Kind::symbol) remedy = general_remedy(previous_, {});
  return unexpected(comparison_expected, std::move(remedy));
}

bool SyntaxParser::expect_end(const char* expected, bool is_statement) {
  if (is(TokenKind::end)) return true;
  if (is(TokenKind::right_parenthesis)) return unexpected(expected, "no parenthesis is open here");
  std::string remedy = general_remedy(token_, previous_);
  if (remedy.empty() && is(TokenKind::name) && is_statement) {
    remedy = "one statement has one editor and at most one where";
  }
  return unexpected(expected, std::move(remedy));
}

bool SyntaxParser::enter(const Token& at) {
  if (++depth_ <= nesting_max) return true;
  return fail(at.offset, "nested deeper than " + std::to_string(nesting_max) + " levels");
}

bool SyntaxParser::adopt(Expression& parent, const Expression& child) {
  parent.height = std::max(parent.height, child.height + 1);
  if (parent.height <= nesting_max) return true;
  return fail(parent.offset, "an expression of more than " + std::to_string(nesting_max) + " levels",
              "operators of a long chain count as levels");
}

Token SyntaxParser::take() {
  previous_ = token_;
  token_ = lexer_.next();
  return previous_;
}

TokenKind SyntaxParser::peek() const {
  Lexer ahead = lexer_;
  return ahead.next().kind;
}

bool SyntaxParser::take_if(TokenKind kind) {
  if (!is(kind)) return false;
  take();
  return true;
}

bool SyntaxParser::unexpected(std::string_view expected, std::string remedy) {
  if (is(TokenKind::broken)) return fail(token_.offset, lexer_.message(), lexer_.remedy());
  if (remedy.empty()) remedy = general_remedy(token_, previous_);
  return fail(token_.offset, "found " + describe(token_) + ", expected " + std::string(expected), std::move(remedy));
}

bool SyntaxParser::fail(std::uint32_t offset, std::string message, std::string remedy) {
  problem_ = {offset, place_in(text_, offset), std::move(message), std::move(remedy)};
  return false;
}

std::string SyntaxParser::still_open(const Token& opening) const {
  return "the " + std::string(opening.text) + " at " + place_in(text_, opening.offset).text() + " is still open";
}

}  // namespace rankwire::ottl
