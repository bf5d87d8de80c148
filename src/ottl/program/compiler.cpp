#include "ottl/program/compiler.hpp"

#include <utility>

#include "config/diagnostics.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/syntax/remedies.hpp"

namespace rankwire::ottl {

void Compiler::problem(std::uint32_t offset, std::string message, std::string remedy) {
  problems_.push_back({offset, place_in(text_, offset), std::move(message), std::move(remedy)});
}

void Compiler::warn(std::optional<Misfit> misfit) {
  if (!misfit) return;
  const std::uint32_t offset = misfit->offset;
  problems_.push_back({offset, place_in(text_, offset), std::move(misfit->message), std::move(misfit->remedy), true});
}

void Compiler::always_fails(std::uint32_t offset, const std::string& why) {
  problems_.push_back({offset, place_in(text_, offset), "this always fails: " + why, {}, true});
}

NodeRef Compiler::constant(const Datum& datum) { return std::make_unique<ConstantNode>(datum); }

NodeRef Compiler::literal(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::nil: return constant({});
    case Kind::boolean: return constant(Value::of(expression.as<BooleanLiteral>().value));
    case Kind::integer: return constant(Value::of(expression.as<IntegerLiteral>().value));
    case Kind::real: return constant(Value::of(expression.as<RealLiteral>().value));
    case Kind::text: return constant(Value::of(constants_.copy(expression.as<TextLiteral>().value)));
    default: return constant(Value::of_bytes(constants_.copy(expression.as<BytesLiteral>().value)));
  }
}

NodeRef Compiler::value(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::nil:
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
    case Kind::text:
    case Kind::bytes: return literal(expression);
    case Kind::symbol: return symbol(expression);
    case Kind::path: return path(expression);
    case Kind::call: return converter(expression);
    case Kind::list: return list(expression, Want::any);
    case Kind::map: return map(expression.as<MapLiteral>());
    case Kind::sign: return sign(expression);
    case Kind::arithmetic: return arithmetic(expression);
    case Kind::function_name:
      problem(expression.offset, "the name of a function cannot be a value",
              "call it: " + expression.as<FunctionName>().name + "(…)");
      return nullptr;
    default: problem(expression.offset, "a condition cannot be a value", "put it behind where"); return nullptr;
  }
}

NodeRef Compiler::symbol(const Expression& expression) {
  const std::string& name = expression.as<Symbol>().name;
  if (const auto number = enum_value(name)) return constant(Value::of(*number));
  if (functions_.find(name) != nullptr)
    problem(expression.offset, "the name of a function cannot be a value", "call it: " + name + "(…)");
  else
    problem(expression.offset, "there is no enum " + name, remedy_for_enum(name));
  return nullptr;
}

bool Compiler::keys(const std::vector<Expression>& expressions, std::vector<NodeRef>& out) {
  bool is_good = true;
  for (const Expression& expression : expressions) {
    NodeRef node = value(expression);
    if (!node) {
      is_good = false;
      continue;
    }
    const Type type = node->type();
    if (type != Type::any && type != Type::text && type != Type::integer) {
      problem(expression.offset, "a key must be a text or an integer, this is " + std::string(to_string(type)));
      is_good = false;
    }
    out.push_back(std::move(node));
  }
  if (out.size() > keys_max) {
    problem(expressions[0].offset, "more than " + std::to_string(keys_max) + " keys");
    return false;
  }
  return is_good;
}

namespace {

std::string joined(const std::vector<Segment>& segments, std::size_t from) {
  std::string name;
  for (std::size_t i = from; i < segments.size(); ++i) name += (name.empty() ? "" : ".") + segments[i].name;
  return name;
}

const PathField* find_field(std::span<const PathField> fields, std::string_view name) {
  for (const PathField& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

}  // namespace

Compiler::Found Compiler::field(const Path& path, std::uint32_t offset) {
  const auto roots = roots_of(context_);
  const PathRoot* below = &roots[0];
  std::size_t begin = 0;
  if (path.segments.size() > 1 && path.segments[0].keys.empty()) {
    for (const PathRoot& root : roots) {
      if (root.name != path.segments[0].name) continue;
      below = &root;
      begin = 1;
      break;
    }
  }
  const std::string name = joined(path.segments, begin);
  for (std::size_t i = begin; i + 1 < path.segments.size(); ++i) {
    if (path.segments[i].keys.empty()) continue;
    problem(path.segments[i].offset, "keys may only follow the last part of a path",
            "write the rest as a key: [\"" + path.segments[i + 1].name + "\"]");
    return {};
  }
  if (const PathField* found = find_field(below->fields, name); found != nullptr) {
    const bool is_simple = found->attributes == nullptr && found->value == nullptr && found->type != Type::records;
    return {found, below->is_always_there && is_simple};
  }
  const auto& first = path.segments[0];
  if (const auto refusal = begin == 0 && path.segments.size() > 1 ? refusal_of_context(first.name) : "";
      !refusal.empty()) {
    problem(offset, first.name + ": " + std::string(refusal));
    return {};
  }
  std::vector<std::string_view> names;
  for (const PathField& field : below->fields) names.push_back(field.name);
  std::string remedy = is_null(name) ? null_remedy : config::suggest(name, names);
  if (begin == 0 && remedy.empty()) {
    std::string roots_text;
    for (const PathRoot& root : roots) roots_text += (roots_text.empty() ? "" : ", ") + std::string(root.name);
    remedy = "paths here begin with " + roots_text + ", or are those of " + std::string(roots[0].name);
  }
  problem(offset, "there is no path " + joined(path.segments, 0) + " in the context " + std::string(roots[0].name),
          std::move(remedy));
  return {};
}

std::unique_ptr<const Target> Compiler::path(const Expression& expression) {
  const Path& path = expression.as<Path>();
  const auto [found, is_always_there] = field(path, expression.offset);
  if (found == nullptr) return nullptr;
  const std::size_t last = path.segments.size() - 1;
  std::vector<NodeRef> nodes;
  if (!keys(path.segments[last].keys, nodes)) return nullptr;
  if (!nodes.empty() && !found->takes_keys()) {
    problem(path.segments[last].offset, std::string(found->name) + " has no keys");
    return nullptr;
  }
  if (nodes.size() > 1 && found->keyed_get != nullptr && found->keyed_type != Type::any) {
    problem(path.segments[last].offset, std::string(found->name) + " has keys of one level only");
    return nullptr;
  }
  KeyList list(std::move(nodes));
  if (const Datum* key = list.only_text(); key != nullptr && found->attributes != nullptr)
    return std::make_unique<AttributeNode>(*found, key->text());
  return std::make_unique<PathNode>(*found, std::move(list), is_always_there);
}

NodeRef Compiler::list(const Expression& expression, Want want) {
  std::vector<NodeRef> items;
  bool is_good = true, is_constant = true;
  for (const Expression& item : expression.as<ListLiteral>().items) {
    NodeRef node = value(item);
    if (node && want == Want::any) warn(lost_value({item, *node}, "becomes nil in a list"));
    is_good = is_good && node;
    is_constant = is_constant && node && node->constant() != nullptr;
    items.push_back(std::move(node));
  }
  if (!is_good) return nullptr;
  NodeRef node = std::make_unique<ListNode>(std::move(items), want);
  return is_constant ? folded(std::move(node), expression.offset) : std::move(node);
}

NodeRef Compiler::first_of(const Expression& list) {
  std::vector<NodeRef> items;
  bool is_good = true, is_constant = true;
  for (const Expression& item : list.as<ListLiteral>().items) {
    NodeRef node = value(item);
    is_good = is_good && node;
    is_constant = is_constant && node && node->constant() != nullptr;
    items.push_back(std::move(node));
  }
  if (!is_good) return nullptr;
  NodeRef node = std::make_unique<FirstNode>(std::move(items));
  return is_constant ? folded(std::move(node), list.offset) : std::move(node);
}

NodeRef Compiler::map(const MapLiteral& literal) {
  std::vector<MapNode::Entry> entries;
  bool is_good = true, is_constant = true;
  for (const Entry& entry : literal.entries) {
    NodeRef node = value(entry.value);
    if (node) warn(lost_value({entry.value, *node}, "becomes nil in a map"));
    is_good = is_good && node;
    is_constant = is_constant && node && node->constant() != nullptr;
    entries.push_back({constants_.copy(entry.key), std::move(node)});
  }
  if (!is_good) return nullptr;
  if (!is_constant) return std::make_unique<MapNode>(std::move(entries));
  Attributes values;
  for (const MapNode::Entry& entry : entries) set(values, constants_, entry.key, entry.value->constant()->value());
  return constant(Value::of(values));
}

NodeRef Compiler::sign(const Expression& expression) {
  const Sign& sign = expression.as<Sign>();
  NodeRef operand = value(sign.operands[0]);
  if (!operand) return nullptr;
  const Type type = operand->type();
  if (type != Type::any && type != Type::integer && type != Type::real) {
    problem(expression.offset, std::string(to_string(type)) + " cannot have a sign");
    return nullptr;
  }
  const bool is_constant = operand->constant() != nullptr;
  NodeRef node = std::make_unique<SignNode>(sign.is_negative, std::move(operand));
  return is_constant ? folded(std::move(node), expression.offset) : std::move(node);
}

NodeRef Compiler::arithmetic(const Expression& expression) {
  const Arithmetic& arithmetic = expression.as<Arithmetic>();
  NodeRef a = value(arithmetic.operands[0]), b = value(arithmetic.operands[1]);
  if (!a || !b) return nullptr;
  const auto type = result_type(arithmetic.op, a->type(), b->type());
  if (!type) {
    problem(expression.offset, std::string(to_string(a->type())) + " " + std::string(to_string(arithmetic.op)) + " " +
                                   std::string(to_string(b->type())) + " cannot be calculated");
    return nullptr;
  }
  const bool is_constant = a->constant() != nullptr && b->constant() != nullptr;
  NodeRef node = std::make_unique<ArithmeticNode>(arithmetic.op, std::move(a), std::move(b), *type);
  return is_constant ? folded(std::move(node), expression.offset) : std::move(node);
}

NodeRef Compiler::converter(const Expression& expression) {
  const Call& written = expression.as<Call>();
  NodeRef node = call(written, expression.offset, false);
  std::vector<NodeRef> nodes;
  if (!keys(written.keys, nodes) || !node || nodes.empty()) return node;
  return std::make_unique<IndexNode>(std::move(node), KeyList(std::move(nodes)));
}

ConditionRef Compiler::comparison(const Expression& expression) {
  const Comparison& comparison = expression.as<Comparison>();
  NodeRef a = value(comparison.operands[0]), b = value(comparison.operands[1]);
  if (!a || !b) return nullptr;
  warn(misfit_of_comparison(comparison.op, {comparison.operands[0], *a}, {comparison.operands[1], *b}));
  return std::make_unique<ComparisonCondition>(comparison.op, std::move(a), std::move(b));
}

ConditionRef Compiler::chain(const std::vector<Expression>& operands, bool decides) {
  std::vector<ConditionRef> conditions;
  bool is_good = true;
  for (const Expression& operand : operands) {
    conditions.push_back(condition(operand));
    is_good = is_good && conditions.back();
  }
  if (!is_good) return nullptr;
  return std::make_unique<ChainCondition>(std::move(conditions), decides);
}

ConditionRef Compiler::condition(const Expression& expression) {
  switch (expression.kind()) {
    case Kind::boolean: return std::make_unique<ConstantCondition>(expression.as<BooleanLiteral>().value);
    case Kind::comparison: return comparison(expression);
    case Kind::conjunction: return chain(expression.as<Conjunction>().operands, false);
    case Kind::disjunction: return chain(expression.as<Disjunction>().operands, true);
    case Kind::negation: {
      ConditionRef operand = condition(expression.as<Negation>().operands[0]);
      if (!operand) return nullptr;
      return std::make_unique<NotCondition>(std::move(operand));
    }
    default: break;
  }
  NodeRef node = value(expression);
  if (!node) return nullptr;
  if (const Type type = node->type(); type != Type::any && type != Type::boolean) {
    problem(expression.offset, "a condition must be true or false, this is " + std::string(to_string(type)),
            "compare it with something");
    return nullptr;
  }
  return std::make_unique<ValueCondition>(std::move(node));
}

}  // namespace rankwire::ottl
