#include "receivers/file_log/parse/expr/expression.hpp"

#include <cstdlib>
#include <optional>

#include "receivers/file_log/parse/expr/nodes.hpp"
#include "receivers/file_log/parse/expr/token.hpp"

namespace rankwire::file_log::expr {

namespace {

constexpr int nesting_max = 64;

struct Operator {
  std::string_view name;
  int precedence;
  Binary operation;
};

constexpr Operator operators[] = {
    {"or", 10, Binary::logical_or},
    {"||", 10, Binary::logical_or},
    {"and", 15, Binary::logical_and},
    {"&&", 15, Binary::logical_and},
    {"==", 20, Binary::equal},
    {"!=", 20, Binary::not_equal},
    {"<", 20, Binary::less},
    {"<=", 20, Binary::less_equal},
    {">", 20, Binary::greater},
    {">=", 20, Binary::greater_equal},
    {"in", 20, Binary::in},
    {"contains", 20, Binary::contains},
    {"startsWith", 20, Binary::starts_with},
    {"endsWith", 20, Binary::ends_with},
    {"+", 30, Binary::add},
    {"-", 30, Binary::subtract},
    {"*", 60, Binary::multiply},
    {"/", 60, Binary::divide},
    {"%", 60, Binary::remainder},
    {"**", 100, Binary::power},
    {"^", 100, Binary::power},
    {"??", 500, Binary::otherwise},
};
constexpr int matches_precedence = 20;
constexpr int not_precedence = 50;
constexpr int sign_precedence = 90;
constexpr int power_precedence = 100;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<NodePointer> parse() {
    auto node = parse_choice();
    if (node && now().type != TokenType::end) return wrong("unexpected \"" + now().text + "\"");
    return node;
  }
  bool reads_entry() const { return reads_entry_; }

 private:
  const Token& now() const { return tokens_[at_]; }
  void next() {
    if (now().type != TokenType::end) ++at_;
  }
  bool is(std::string_view text) const {
    return (now().type == TokenType::symbol || now().type == TokenType::name) && now().text == text;
  }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    next();
    return true;
  }
  Error wrong(const std::string& what) const {
    return {ErrorKind::invalid, what + " at character " + std::to_string(now().at + 1)};
  }
  Result<void> expect(std::string_view text) {
    if (!take(text)) return wrong("expected \"" + std::string(text) + "\"");
    return {};
  }

  Result<NodePointer> parse_choice() {
    if (++nesting_ > nesting_max) return wrong("the expression is nested too deeply");
    auto condition = parse_binary(0);
    if (!condition || !take("?")) return --nesting_, std::move(condition);
    auto yes = parse_choice();
    if (!yes) return yes;
    RANKWIRE_TRY(expect(":"));
    auto no = parse_choice();
    if (!no) return no;
    --nesting_;
    return make_choice(std::move(*condition), std::move(*yes), std::move(*no));
  }

  // The operator at this place, if it binds at least as tightly as `precedence`.
  const Operator* binary_here(int precedence) const {
    if (now().type != TokenType::symbol && now().type != TokenType::name) return nullptr;
    for (const Operator& candidate : operators)
      if (candidate.name == now().text) return candidate.precedence >= precedence ? &candidate : nullptr;
    return nullptr;
  }

  Result<NodePointer> parse_binary(int precedence) {
    if (++nesting_ > nesting_max) return wrong("the expression is nested too deeply");
    auto left = parse_unary();
    while (left) {
      // `x not in y`, `x not matches y`.
      const bool is_negated = is("not") && matches_precedence >= precedence;
      if (is_negated) next();
      if (is("matches") && matches_precedence >= precedence) {
        next();
        if (now().type != TokenType::text) return wrong("matches needs a constant regular expression");
        left = make_matches(std::move(*left), now().text);
        next();
      } else if (const Operator* found = binary_here(precedence)) {
        next();
        const bool is_right = found->precedence == power_precedence;
        auto right = parse_binary(is_right ? found->precedence : found->precedence + 1);
        if (!right) return right;
        left = make_binary(found->operation, std::move(*left), std::move(*right));
      } else if (is_negated) {
        return wrong("expected in, matches, contains, startsWith or endsWith after not");
      } else {
        break;
      }
      if (is_negated && left) left = make_not(std::move(*left));
    }
    --nesting_;
    return left;
  }

  Result<NodePointer> parse_unary() {
    const bool is_not = is("not") || is("!");
    if (is_not || is("-") || is("+")) {
      const bool is_minus = is("-");
      next();
      auto operand = parse_binary(is_not ? not_precedence : sign_precedence);
      if (!operand) return operand;
      if (is_not) return make_not(std::move(*operand));
      return is_minus ? make_negation(std::move(*operand)) : std::move(*operand);
    }
    auto primary = parse_primary();
    return primary ? parse_members(std::move(*primary)) : std::move(primary);
  }

  Result<NodePointer> parse_members(NodePointer node) {
    for (int depth = 0;; ++depth) {
      if (depth > nesting_max) return wrong("the expression is nested too deeply");
      const bool is_optional = is("?.");
      if (take(".") || take("?.")) {
        if (is_optional && take("[")) {
          auto key = parse_choice();
          if (!key) return key;
          RANKWIRE_TRY(expect("]"));
          node = make_index(std::move(node), std::move(*key), true);
          continue;
        }
        if (now().type != TokenType::name) return wrong("expected a name after the dot");
        node = make_index(std::move(node), make_text(now().text), is_optional);
        next();
        if (is("(")) return wrong("methods are not supported");
      } else if (take("[")) {
        auto key = parse_choice();
        if (!key) return key;
        if (is(":")) return wrong("slices are not supported");
        RANKWIRE_TRY(expect("]"));
        node = make_index(std::move(node), std::move(*key), false);
      } else {
        return node;
      }
    }
  }

  Result<NodePointer> parse_primary() {
    const Token token = now();
    if (token.type == TokenType::end) return wrong("the expression ends too early");
    next();
    if (token.type == TokenType::integer) return make_constant(Value::of(token.integer));
    if (token.type == TokenType::real) return make_constant(Value::of(token.real));
    if (token.type == TokenType::text) return make_text(token.text);
    if (token.type == TokenType::name) return parse_name(token.text);
    if (token.text == "(") {
      auto inner = parse_choice();
      if (inner) RANKWIRE_TRY(expect(")"));
      return inner;
    }
    if (token.text == "[") return parse_array();
    if (token.text == "{") return parse_map();
    return wrong("unexpected \"" + token.text + "\"");
  }

  Result<NodePointer> parse_name(const std::string& name) {
    if (name == "true" || name == "false") return make_constant(Value::of(name == "true"));
    if (name == "nil" || name == "null") return make_constant(Value());
    if (take("(")) return parse_call(name);
    static constexpr std::pair<std::string_view, Variable> variables[] = {{"body", Variable::body},
                                                                          {"$body", Variable::body},
                                                                          {"$", Variable::body},
                                                                          {"attributes", Variable::attributes},
                                                                          {"$attributes", Variable::attributes},
                                                                          {"resource", Variable::resource},
                                                                          {"$resource", Variable::resource},
                                                                          {"timestamp", Variable::timestamp},
                                                                          {"$timestamp", Variable::timestamp},
                                                                          {"severity_number", Variable::severity},
                                                                          {"severity_text", Variable::severity_text}};
    for (const auto& [known, variable] : variables) {
      if (known != name) continue;
      reads_entry_ = true;
      return make_variable(variable);
    }
    return wrong("unknown name \"" + name + "\"; there are body, attributes, resource, timestamp");
  }

  Result<NodePointer> parse_call(const std::string& name) {
    std::vector<NodePointer> arguments;
    const Token first = now();
    while (!take(")")) {
      if (!arguments.empty()) RANKWIRE_TRY(expect(","));
      auto argument = parse_choice();
      if (!argument) return argument;
      arguments.push_back(std::move(*argument));
    }
    if (name == "env" || name == "os_env_func") {
      if (arguments.size() != 1 || first.type != TokenType::text) return wrong("env needs one constant text");
      const char* value = std::getenv(first.text.c_str());
      return make_text(value == nullptr ? "" : value);
    }
    return make_call(name, std::move(arguments));
  }

  Result<NodePointer> parse_array() {
    std::vector<NodePointer> items;
    while (!take("]")) {
      if (!items.empty()) RANKWIRE_TRY(expect(","));
      auto item = parse_choice();
      if (!item) return item;
      items.push_back(std::move(*item));
    }
    return make_array(std::move(items));
  }

  Result<NodePointer> parse_map() {
    std::vector<std::pair<NodePointer, NodePointer>> entries;
    while (!take("}")) {
      if (!entries.empty()) RANKWIRE_TRY(expect(","));
      if (now().type != TokenType::name && now().type != TokenType::text) return wrong("expected a key");
      NodePointer key = make_text(now().text);
      next();
      RANKWIRE_TRY(expect(":"));
      auto value = parse_choice();
      if (!value) return value;
      entries.emplace_back(std::move(key), std::move(*value));
    }
    return make_map(std::move(entries));
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  bool reads_entry_ = false;
};

}  // namespace

Result<Expression> Expression::compile(std::string_view source) {
  auto tokens = tokenize(source);
  if (!tokens) return Error(std::move(tokens).error());
  Parser parser(std::move(*tokens));
  auto root = parser.parse();
  if (!root) return Error(std::move(root).error());
  Expression expression;
  expression.root_ = std::move(*root);
  expression.is_constant_ = !parser.reads_entry();
  return expression;
}

bool Expression::test(const Entry& entry, Arena& arena, const char*& error) const {
  Evaluation e{entry, arena};
  const Value value = root_->evaluate(e);
  if (e.error == nullptr && value.type() != ValueType::boolean) e.error = "the expression is not a boolean";
  error = e.error;
  return error == nullptr && value.boolean();
}

Result<Template> Template::compile(std::string_view source) {
  constexpr std::string_view opening = "EXPR(";
  Template result;
  while (!source.empty()) {
    const std::size_t start = source.find(opening);
    if (start != 0) result.parts_.push_back({false, std::string(source.substr(0, start)), {}});
    if (start == std::string_view::npos) break;
    source.remove_prefix(start + opening.size());
    // The closing parenthesis: outside of quotes and of inner parentheses.
    std::size_t end = 0;
    char quote = '\0';
    for (int depth = 1; end < source.size(); ++end) {
      const char c = source[end];
      if (quote != '\0') {
        if (c == '\\' && quote != '`') ++end;
        if (c == quote) quote = '\0';
        continue;
      }
      if (c == '"' || c == '\'' || c == '`') quote = c;
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth == 0) break;
    }
    if (end >= source.size()) return Error(ErrorKind::invalid, "EXPR( is not closed");
    auto expression = Expression::compile(source.substr(0, end));
    if (!expression) return Error(std::move(expression).error());
    result.parts_.push_back({true, {}, std::move(*expression)});
    source.remove_prefix(end + 1);
  }
  return result;
}

bool Template::is_constant() const {
  for (const Part& part : parts_)
    if (part.is_expression && !part.expression.is_constant()) return false;
  return true;
}

Value Template::evaluate(Evaluation& e) const {
  if (is_single()) return parts_[0].expression.evaluate(e);
  std::string text;
  for (const Part& part : parts_)
    text.append(part.is_expression ? to_text(part.expression.evaluate(e), e.arena) : part.text);
  return Value::of(e.arena.copy(text));
}

}  // namespace rankwire::file_log::expr
