// ExtractGrokPatterns
#include "ottl/functions/families.hpp"
#include "text/grok.hpp"

namespace rankwire::ottl {
namespace {

constexpr const char* no_field = "the pattern needs a named field: %{WORD:name}";

// "NAME=expression".
Result<std::vector<text::Grok::Definition>> definitions_of(const Datum* given) {
  std::vector<text::Grok::Definition> definitions;
  const List<Value> texts = given == nullptr ? List<Value>() : given->list();
  for (const Value& item : texts) {
    const std::string_view text = item.is_text() ? item.text() : std::string_view();
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || text.substr(0, equals).find(':') != std::string_view::npos)
      return Error(ErrorKind::invalid, "a pattern definition is NAME=expression");
    definitions.push_back({std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
  }
  return definitions;
}

Result<Run> prepare_extract_grok_patterns(const Known& known) {
  auto definitions = definitions_of(known[3]);
  if (!definitions) return Error(std::move(definitions).error());
  const bool only_named = known[2] != nullptr && known[2]->boolean();
  auto compiled = text::Grok::compile(known.text(1).value_or(""), only_named, *definitions);
  if (!compiled) known.blame(1);
  if (!compiled) return Error(std::move(compiled).error());
  if (only_named && !compiled->has_fields()) return Error(ErrorKind::invalid, no_field);
  // A call of literals runs once and is gone then, and its names with it.
  const bool copies_names = known[0] != nullptr;
  return Run(
      [grok = std::make_shared<const text::Grok>(std::move(*compiled)), copies_names](Invocation& call, Datum& out) {
        Attributes fields;
        if (!grok->read(call.text(0), copies_names, call.arena(), fields))
          return call.fail("a field is not of the type that the pattern gives it");
        out = Value::of(fields);
        return true;
      });
}

}  // namespace

void add_grok_function(FunctionTable& table) {
  table.add({.name = "ExtractGrokPatterns",
             .parameters = {{"target", Want::text},
                            literal({"pattern", Want::text}),
                            optional(literal({"named_captures_only", Want::boolean})),
                            optional(literal({"pattern_definitions", Want::texts}))},
             .result = Type::map,
             .prepare = prepare_extract_grok_patterns});
}

}  // namespace rankwire::ottl
