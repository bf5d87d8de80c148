// Concat, HasPrefix, HasSuffix, Index, Split, Substring, Trim, TrimPrefix, TrimSuffix
#include "ottl/functions/families.hpp"
#include "ottl/program/operators.hpp"
#include "text/pattern.hpp"

namespace rankwire::ottl {
namespace {

bool concat(Invocation& call, Datum& out) {
  const List<Value> values = call[0].list();
  const std::string_view delimiter = call.text(1);
  constexpr std::string_view nil = "<nil>";
  std::size_t size = values.empty() ? 0 : delimiter.size() * (values.size() - 1);
  for (const Value& value : values) size += value.is_text() ? value.text().size() : nil.size();
  char* const text = call.arena().allocate_array<char>(size);
  char* to = text;
  const auto put = [&](std::string_view part) { to = std::copy(part.begin(), part.end(), to); };
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (i != 0) put(delimiter);
    put(values[i].is_text() ? values[i].text() : nil);
  }
  out = Value::of(std::string_view(text, size));
  return true;
}

bool has_prefix(Invocation& call, Datum& out) {
  out = Value::of(call.text(0).starts_with(call.text(1)));
  return true;
}

bool has_suffix(Invocation& call, Datum& out) {
  out = Value::of(call.text(0).ends_with(call.text(1)));
  return true;
}

bool index(Invocation& call, Datum& out) {
  std::int64_t found = -1;
  if (call[0].is(Type::text)) {
    if (!call[1].is(Type::text)) return call.fail("in a text only a text can be looked for");
    const std::size_t at = call.text(0).find(call.text(1));
    if (at != std::string_view::npos) found = static_cast<std::int64_t>(at);
  } else if (call[0].is(Type::list)) {
    const List<Value> items = call[0].list();
    for (std::uint32_t i = 0; i < items.size() && found < 0; ++i)
      if (compare(ComparisonOperator::equal, items[i], call[1])) found = i;
  } else {
    return call.fail("expected a text or a list but got " + std::string(to_string(call[0].type())));
  }
  out = Value::of(found);
  return true;
}

bool split(Invocation& call, Datum& out) {
  const std::string_view text = call.text(0), delimiter = call.text(1);
  List<Value> parts;
  if (delimiter.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = text::character_size(text, at);
      parts.push(call.arena(), Value::of(text.substr(at, size)));
      at += size;
    }
  } else {
    std::size_t at = 0;
    for (std::size_t end = text.find(delimiter); end != std::string_view::npos; end = text.find(delimiter, at)) {
      parts.push(call.arena(), Value::of(text.substr(at, end - at)));
      at = end + delimiter.size();
    }
    parts.push(call.arena(), Value::of(text.substr(at)));
  }
  out = Value::of(parts);
  return true;
}

bool is_inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (text[at] & 0xC0) == 0x80;
}

bool substring(Invocation& call, Datum& out) {
  const std::string_view text = call.text(0);
  const std::int64_t start = call[1].integer(), length = call[2].integer();
  if (start < 0) return call.fail("the start must not be negative");
  if (length <= 0) return call.fail("the length must be positive");
  const auto size = static_cast<std::int64_t>(text.size());
  if (start > size || length > size - start)
    return call.fail("the text has " + std::to_string(size) + " bytes, fewer than start and length ask for");
  auto from = static_cast<std::size_t>(start);
  std::size_t end = from + static_cast<std::size_t>(length);
  if (call.boolean_or(3, false)) {
    while (is_inside_character(text, from)) ++from;
    while (end > from && is_inside_character(text, end)) --end;
  }
  out = Value::of(text.substr(from, std::max(end, from) - from));
  return true;
}

// The characters of `set`, of several bytes too.
bool is_in(std::string_view character, std::string_view set) {
  for (std::size_t at = 0; at < set.size(); at += text::character_size(set, at))
    if (set.substr(at, text::character_size(set, at)) == character) return true;
  return false;
}

bool trim(Invocation& call, Datum& out) {
  std::string_view text = call.text(0);
  const std::string_view set = call.text_or(1, " ");
  while (!text.empty()) {
    const std::size_t size = text::character_size(text, 0);
    if (!is_in(text.substr(0, size), set)) break;
    text.remove_prefix(size);
  }
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at != 0 && is_inside_character(text, at)) --at;
    if (!is_in(text.substr(at), set)) break;
    text = text.substr(0, at);
  }
  out = Value::of(text);
  return true;
}

bool trim_prefix(Invocation& call, Datum& out) {
  std::string_view text = call.text(0);
  if (text.starts_with(call.text(1))) text.remove_prefix(call.text(1).size());
  out = Value::of(text);
  return true;
}

bool trim_suffix(Invocation& call, Datum& out) {
  std::string_view text = call.text(0);
  if (text.ends_with(call.text(1))) text.remove_suffix(call.text(1).size());
  out = Value::of(text);
  return true;
}

}  // namespace

void add_text_functions(FunctionTable& table) {
  const auto add = [&](std::string_view name, std::vector<Parameter> parameters, Type result, Run run) {
    table.add({.name = name, .parameters = std::move(parameters), .result = result, .run = std::move(run)});
  };
  const Parameter target{"target", Want::text};
  add("Concat", {{"vals", Want::texts_like}, {"delimiter", Want::text}}, Type::text, concat);
  add("HasPrefix", {target, {"prefix", Want::text}}, Type::boolean, has_prefix);
  add("HasSuffix", {target, {"suffix", Want::text}}, Type::boolean, has_suffix);
  add("Index", {{"source"}, {"value"}}, Type::integer, index);
  add("Split", {target, {"delimiter", Want::text}}, Type::list, split);
  add("Substring",
      {target, {"start", Want::integer}, {"length", Want::integer}, optional(literal({"utf8_safe", Want::boolean}))},
      Type::text, substring);
  add("Trim", {target, optional(literal({"replacement", Want::text}))}, Type::text, trim);
  add("TrimPrefix", {target, {"prefix", Want::text}}, Type::text, trim_prefix);
  add("TrimSuffix", {target, {"suffix", Want::text}}, Type::text, trim_suffix);
}

}  // namespace rankwire::ottl
