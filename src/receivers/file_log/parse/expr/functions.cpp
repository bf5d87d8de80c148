// The functions that expressions may call.
#include <charconv>
#include <cmath>

#include "receivers/file_log/parse/expr/nodes.hpp"

namespace rankwire::file_log::expr {

namespace {

using Arguments = std::span<const Value>;
using Function = Value (*)(Arguments, Evaluation&);

Value fail(Evaluation& e, const char* why) {
  if (e.error == nullptr) e.error = why;
  return {};
}

constexpr std::string_view spaces = " \t\n\v\f\r";

std::string_view trim_of(std::string_view text, std::string_view what) {
  const std::size_t start = text.find_first_not_of(what);
  return start == std::string_view::npos ? std::string_view()
                                         : text.substr(start, text.find_last_not_of(what) - start + 1);
}

Value call_len(Arguments a, Evaluation& e) {
  switch (a[0].type()) {
    case ValueType::text: {
      std::int64_t count = 0;  // Of characters, as upstream counts.
      for (const char c : a[0].text()) count += (c & 0xC0) != 0x80 ? 1 : 0;
      return Value::of(count);
    }
    case ValueType::bytes: return Value::of(static_cast<std::int64_t>(a[0].text().size()));
    case ValueType::array: return Value::of(static_cast<std::int64_t>(a[0].items().size()));
    case ValueType::map: return Value::of(static_cast<std::int64_t>(a[0].entries().size()));
    default: return fail(e, "len needs a text, list or map");
  }
}

template <char low, char high, int shift>
Value change_case(Arguments a, Evaluation& e) {
  if (!a[0].is_text()) return fail(e, "lower and upper need a text");
  const std::string_view text = a[0].text();
  char* copy = static_cast<char*>(e.arena.allocate(text.size(), 1));
  for (std::size_t i = 0; i < text.size(); ++i)
    copy[i] = text[i] >= low && text[i] <= high ? static_cast<char>(text[i] + shift) : text[i];
  return Value::of(std::string_view(copy, text.size()));
}

Value call_trim(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || (a.size() > 1 && !a[1].is_text())) return fail(e, "trim needs texts");
  return Value::of(trim_of(a[0].text(), a.size() > 1 ? a[1].text() : spaces));
}

Value call_trim_prefix(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "trimPrefix needs texts");
  const std::string_view text = a[0].text();
  return Value::of(text.starts_with(a[1].text()) ? text.substr(a[1].text().size()) : text);
}

Value call_trim_suffix(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "trimSuffix needs texts");
  const std::string_view text = a[0].text();
  return Value::of(text.ends_with(a[1].text()) ? text.substr(0, text.size() - a[1].text().size()) : text);
}

Value call_has_prefix(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "hasPrefix needs texts");
  return Value::of(a[0].text().starts_with(a[1].text()));
}

Value call_has_suffix(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "hasSuffix needs texts");
  return Value::of(a[0].text().ends_with(a[1].text()));
}

Value position(std::size_t found) {
  return Value::of(found == std::string_view::npos ? std::int64_t{-1} : static_cast<std::int64_t>(found));
}

Value call_index_of(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "indexOf needs texts");
  return position(a[0].text().find(a[1].text()));
}

Value call_last_index_of(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text()) return fail(e, "lastIndexOf needs texts");
  return position(a[0].text().rfind(a[1].text()));
}

Value call_split(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text() || a[1].text().empty()) return fail(e, "split needs two texts");
  List<Value> parts;
  std::string_view text = a[0].text();
  for (std::size_t end; (end = text.find(a[1].text())) != std::string_view::npos;) {
    parts.push(e.arena, Value::of(text.substr(0, end)));
    text.remove_prefix(end + a[1].text().size());
  }
  parts.push(e.arena, Value::of(text));
  return Value::of(parts);
}

Value call_replace(Arguments a, Evaluation& e) {
  if (!a[0].is_text() || !a[1].is_text() || !a[2].is_text() || a[1].text().empty())
    return fail(e, "replace needs three texts");
  std::string result(a[0].text());
  for (std::size_t at = 0; (at = result.find(a[1].text(), at)) != std::string::npos; at += a[2].text().size())
    result.replace(at, a[1].text().size(), a[2].text());
  return Value::of(e.arena.copy(result));
}

Value call_join(Arguments a, Evaluation& e) {
  if (a[0].type() != ValueType::array || (a.size() > 1 && !a[1].is_text())) return fail(e, "join needs a list");
  std::string result;
  const std::string_view between = a.size() > 1 ? a[1].text() : std::string_view();
  for (const Value& item : a[0].items()) {
    if (&item != a[0].items().data()) result.append(between);
    result.append(to_text(item, e.arena));
  }
  return Value::of(e.arena.copy(result));
}

Value call_int(Arguments a, Evaluation& e) {
  if (a[0].type() == ValueType::integer) return a[0];
  if (a[0].type() == ValueType::real) {
    const double number = a[0].real();
    return std::abs(number) < 9.2e18 ? Value::of(static_cast<std::int64_t>(number)) : fail(e, "number out of range");
  }
  std::int64_t number = 0;
  const std::string_view text = a[0].is_text() ? a[0].text() : std::string_view();
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return fail(e, "int needs a number");
  return Value::of(number);
}

Value call_float(Arguments a, Evaluation& e) {
  if (a[0].type() == ValueType::real) return a[0];
  if (a[0].type() == ValueType::integer) return Value::of(static_cast<double>(a[0].integer()));
  double number = 0;
  const std::string_view text = a[0].is_text() ? a[0].text() : std::string_view();
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return fail(e, "float needs a number");
  return Value::of(number);
}

Value call_string(Arguments a, Evaluation& e) { return Value::of(to_text(a[0], e.arena)); }

Value call_type(Arguments a, Evaluation&) {
  static constexpr const char* names[] = {"nil", "string", "bool", "int", "float", "array", "map", "array"};
  return Value::of(names[static_cast<std::size_t>(a[0].type())]);
}

Value call_abs(Arguments a, Evaluation& e) {
  if (a[0].type() == ValueType::real) return Value::of(std::abs(a[0].real()));
  if (a[0].type() != ValueType::integer) return fail(e, "abs needs a number");
  const std::int64_t number = a[0].integer();
  return Value::of(number < 0 ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(number)) : number);
}

struct FunctionInfo {
  std::string_view name;
  std::size_t min, max;
  Function call;
};

constexpr FunctionInfo functions[] = {
    {"len", 1, 1, call_len},
    {"lower", 1, 1, change_case<'A', 'Z', 32>},
    {"upper", 1, 1, change_case<'a', 'z', -32>},
    {"trim", 1, 2, call_trim},
    {"trimPrefix", 2, 2, call_trim_prefix},
    {"trimSuffix", 2, 2, call_trim_suffix},
    {"hasPrefix", 2, 2, call_has_prefix},
    {"hasSuffix", 2, 2, call_has_suffix},
    {"indexOf", 2, 2, call_index_of},
    {"lastIndexOf", 2, 2, call_last_index_of},
    {"split", 2, 2, call_split},
    {"replace", 3, 3, call_replace},
    {"join", 1, 2, call_join},
    {"int", 1, 1, call_int},
    {"float", 1, 1, call_float},
    {"string", 1, 1, call_string},
    {"type", 1, 1, call_type},
    {"abs", 1, 1, call_abs},
};

constexpr std::size_t arguments_max = 3;

class CallNode final : public Node {
 public:
  CallNode(Function function, std::vector<NodePointer> arguments)
      : function_(function), arguments_(std::move(arguments)) {}
  Value evaluate(Evaluation& e) const override {
    Value values[arguments_max];
    for (std::size_t i = 0; i < arguments_.size(); ++i) values[i] = arguments_[i]->evaluate(e);
    return e.error != nullptr ? Value() : function_({values, arguments_.size()}, e);
  }

 private:
  const Function function_;
  const std::vector<NodePointer> arguments_;
};

}  // namespace

Result<NodePointer> make_call(const std::string& name, std::vector<NodePointer> arguments) {
  for (const FunctionInfo& info : functions) {
    if (info.name != name) continue;
    if (arguments.size() < info.min || arguments.size() > info.max)
      return Error(ErrorKind::invalid, name + " is called with a wrong number of arguments");
    return NodePointer(std::make_unique<CallNode>(info.call, std::move(arguments)));
  }
  std::string known = "env";
  for (const FunctionInfo& info : functions) known.append(", ").append(info.name);
  return Error(ErrorKind::invalid, "function " + name + " is not supported; there are " + known);
}

}  // namespace rankwire::file_log::expr
