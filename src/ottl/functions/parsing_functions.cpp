// ParseCSV, ParseJSON, ParseKeyValue, ToKeyValueString
#include <algorithm>

#include "ottl/functions/families.hpp"
#include "ottl/program/convert.hpp"
#include "text/delimited.hpp"
#include "text/json_value.hpp"

namespace rankwire::ottl {
namespace {

std::string_view trimmed(std::string_view text, std::string_view what) {
  const std::size_t start = text.find_first_not_of(what);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(what) - start + 1);
}

constexpr std::string_view spaces = " \t\n\v\f\r";

struct CsvForm {
  char delimiter = ',', header_delimiter = ',';
  text::CsvQuotes quotes = text::CsvQuotes::strict;
};

// Each name is as it stands between the delimiters, spaces included.
bool pair_columns(Invocation& call, const CsvForm& form, const List<Value>& columns, Attributes& entries) {
  std::string_view header = call.text(1);
  const auto names = static_cast<std::uint32_t>(std::count(header.begin(), header.end(), form.header_delimiter)) + 1;
  if (names != columns.size())
    return call.fail("the row has " + std::to_string(columns.size()) + " columns, the header " + std::to_string(names));
  entries.reserve(call.arena(), names);
  for (const Value& column : columns) {
    const std::size_t end = std::min(header.find(form.header_delimiter), header.size());
    set(entries, call.arena(), header.substr(0, end), column);
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return true;
}

Result<Run> prepare_parse_csv(const Known& known) {
  CsvForm form;
  const auto delimiter = known.text(2), header_delimiter = known.text(3);
  for (const auto& given : {delimiter, header_delimiter})
    if (given && (given->size() != 1 || (given->front() & 0x80) != 0))
      return Error(ErrorKind::invalid, "a delimiter is one ASCII character");
  if (delimiter) form.delimiter = form.header_delimiter = delimiter->front();
  if (header_delimiter) form.header_delimiter = header_delimiter->front();
  const std::string_view mode = known.text(4).value_or("strict");
  if (mode == "lazyQuotes")
    form.quotes = text::CsvQuotes::lazy;
  else if (mode == "ignoreQuotes")
    form.quotes = text::CsvQuotes::none;
  else if (mode != "strict")
    return Error(ErrorKind::invalid, "mode is one of strict, lazyQuotes, ignoreQuotes");
  return Run([form](Invocation& call, Datum& out) {
    const bool has_quotes = form.quotes != text::CsvQuotes::none;
    const std::string_view row = has_quotes ? trimmed(call.text(0), "\r\n") : call.text(0);
    if (call.text(1).empty()) return call.fail("the header is empty");
    if (has_quotes && row.empty()) return call.fail("there is no row");
    List<Value> columns;
    if (const char* why = text::read_csv_row(row, form.delimiter, form.quotes, call.arena(), columns))
      return call.fail(why);
    Attributes entries;
    if (!pair_columns(call, form, columns, entries)) return false;
    out = Value::of(entries);
    return true;
  });
}

bool parse_json(Invocation& call, Datum& out) {
  const std::string_view text = trimmed(call.text(0), spaces);
  // Real numbers unless asked for, as in the original: they are exact up to 2^53 only.
  const auto numbers = call.boolean_or(1, false) ? text::NumberForm::integer_where_exact : text::NumberForm::real;
  Value value;
  const bool is_read = text.starts_with('[') ? text::read_json_array(text, numbers, call.arena(), value)
                                             : text::read_json_object(text, numbers, call.arena(), value);
  if (!is_read) return call.fail("not a JSON object or array");
  out = value;
  return true;
}

// Takes the next part that is not empty off `rest`; quotes hide delimiters and are left out of it.
// False: there is none, or (`is_open`) a quote is not closed.
bool take_part(std::string_view& rest, std::string_view delimiter, Arena& arena, std::string_view& part,
               bool& is_open) {
  while (!rest.empty()) {
    char quote = '\0';
    bool has_quotes = false;
    std::size_t at = 0;
    for (; at < rest.size() && (quote != '\0' || !rest.substr(at).starts_with(delimiter)); ++at) {
      const char c = rest[at];
      if (quote == c)
        quote = '\0';
      else if (quote == '\0' && (c == '"' || c == '\''))
        quote = c, has_quotes = true;
    }
    if (quote != '\0') return is_open = true, false;
    part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + delimiter.size(), rest.size()));
    if (has_quotes) {
      char* const out = arena.allocate_array<char>(part.size());
      char* to = out;
      for (const char c : part) {
        const bool closes = quote == c, opens = quote == '\0' && (c == '"' || c == '\'');
        if (!closes && !opens) *to++ = c;
        quote = closes ? '\0' : opens ? c : quote;
      }
      part = {out, static_cast<std::size_t>(to - out)};
    }
    if (!part.empty()) return true;
  }
  return false;
}

constexpr const char* bad_delimiters = "delimiter and pair_delimiter must differ and not be empty";

Result<Run> prepare_parse_key_value(const Known& known) {
  const std::string delimiter(known.text(1).value_or("=")), pair_delimiter(known.text(2).value_or(" "));
  if (delimiter.empty() || pair_delimiter.empty() || delimiter == pair_delimiter)
    return Error(ErrorKind::invalid, bad_delimiters);
  return Run([delimiter, pair_delimiter](Invocation& call, Datum& out) {
    std::string_view rest = call.text(0);
    if (rest.empty()) return call.fail("there is nothing to parse");
    Attributes entries;
    bool is_open = false;
    for (std::string_view pair; take_part(rest, pair_delimiter, call.arena(), pair, is_open);) {
      const std::size_t at = pair.find(delimiter);
      if (at == std::string_view::npos) return call.fail("a pair has no delimiter");
      set(entries, call.arena(), trimmed(pair.substr(0, at), spaces),
          Value::of(trimmed(pair.substr(at + delimiter.size()), spaces)));
    }
    if (is_open) return call.fail("a quote is not closed");
    out = Value::of(entries);
    return true;
  });
}

void append_quoted(std::string_view text, std::string_view delimiter, std::string_view pair_delimiter,
                   std::string& out) {
  const bool is_quoted =
      text.find(delimiter) != std::string_view::npos || text.find(pair_delimiter) != std::string_view::npos;
  if (is_quoted) out += '"';
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c;
  }
  if (is_quoted) out += '"';
}

Result<Run> prepare_to_key_value_string(const Known& known) {
  const std::string delimiter(known.text(1).value_or("=")), pair_delimiter(known.text(2).value_or(" "));
  if (delimiter.empty() || pair_delimiter.empty() || delimiter == pair_delimiter)
    return Error(ErrorKind::invalid, bad_delimiters);
  return Run([delimiter, pair_delimiter](Invocation& call, Datum& out) {
    const Attributes entries = call[0].map();
    std::vector<const KeyValue*> order;
    for (const KeyValue& entry : entries) order.push_back(&entry);
    if (call.boolean_or(3, false))
      std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    std::string text;
    for (const KeyValue* entry : order) {
      if (entry != order.front()) text += pair_delimiter;
      append_quoted(entry->key, delimiter, pair_delimiter, text);
      text += delimiter;
      append_quoted(text_of(entry->value, call.arena()), delimiter, pair_delimiter, text);
    }
    out = Value::of(call.arena().copy(text));
    return true;
  });
}

}  // namespace

void add_parsing_functions(FunctionTable& table) {
  const Parameter target{"target", Want::text};
  const Parameter delimiter = optional(literal({"delimiter", Want::text}));
  const Parameter pair_delimiter = optional(literal({"pair_delimiter", Want::text}));
  table.add({.name = "ParseCSV",
             .parameters = {target,
                            {"header", Want::text},
                            delimiter,
                            optional(literal({"header_delimiter", Want::text})),
                            optional(literal({"mode", Want::text}))},
             .result = Type::map,
             .prepare = prepare_parse_csv});
  table.add({.name = "ParseJSON",
             .parameters = {target, optional(literal({"exact_integers", Want::boolean}))},
             .run = parse_json});
  table.add({.name = "ParseKeyValue",
             .parameters = {target, delimiter, pair_delimiter},
             .result = Type::map,
             .prepare = prepare_parse_key_value});
  table.add({.name = "ToKeyValueString",
             .parameters =
                 {{"target", Want::map}, delimiter, pair_delimiter, optional(literal({"sort_output", Want::boolean}))},
             .result = Type::text,
             .prepare = prepare_to_key_value_string});
}

}  // namespace rankwire::ottl
