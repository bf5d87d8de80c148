// The parsers of text: regular expressions, JSON, key-value pairs, CSV, URIs; and scope names.
#include <unordered_map>

#include "receivers/file_log/parse/operators/parser_operator.hpp"
#include "text/delimited.hpp"
#include "text/json_value.hpp"
#include "text/pattern.hpp"

namespace rankwire::file_log {

namespace {

constexpr const char* not_text = "only text can be parsed";

struct CacheSettings {
  std::uint64_t size = 0;
  void fields(config::Fields& f) {
    f.field("size", size, "Accepted; matching is quicker than looking up.", {.min = 0});
  }
};

struct RegexSettings : ParserSettings {
  std::string regex;
  CacheSettings cache;

  void fields(config::Fields& f) {
    ParserSettings::fields(f);
    f.field("regex", regex, "Regular expression with named groups.");
    f.section("cache", cache, "Without effect.");
  }
};

class RegexParser final : public ParserOperator {
 public:
  explicit RegexParser(text::Pattern pattern) : pattern_(std::move(pattern)) {}

 private:
  const char* parse(const Value& from, const Entry&, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    std::string_view groups[64];
    if (!pattern_.capture(from.text(), groups)) return "the regular expression does not match";
    const auto& names = pattern_.group_names();
    List<KeyValue> entries;
    entries.reserve(run.arena(), static_cast<std::uint32_t>(names.size()));
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!names[i].empty()) entries.push(run.arena(), {names[i], Value::of(groups[i])});
    to = Value::of(entries);
    return nullptr;
  }

  const text::Pattern pattern_;
};

struct JsonSettings : ParserSettings {
  bool parse_ints = false;

  void fields(config::Fields& f) {
    ParserSettings::fields(f);
    f.field("parse_ints", parse_ints, "Whole numbers become integers; otherwise all numbers are floating point.");
  }
};

class JsonParser final : public ParserOperator {
 public:
  explicit JsonParser(bool parse_ints)
      : numbers_(parse_ints ? text::NumberForm::integer_where_exact : text::NumberForm::real) {}

 private:
  const char* parse(const Value& from, const Entry&, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    return text::read_json_object(from.text(), numbers_, run.arena(), to) ? nullptr : "not a JSON object";
  }

  const text::NumberForm numbers_;
};

// JSON texts of one list: a row of a table.
struct JsonArraySettings : ParserSettings {
  std::string header;

  void fields(config::Fields& f) {
    ParserSettings::fields(f);
    f.field("header", header, "Names of the elements, between commas.");
  }
};

class JsonArrayParser final : public ParserOperator {
 public:
  explicit JsonArrayParser(std::vector<std::string> names) : names_(std::move(names)) {}

 private:
  const char* parse(const Value& from, const Entry&, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    if (!text::read_json_array(from.text(), text::NumberForm::integer_where_exact, run.arena(), to))
      return "not a JSON array";
    if (names_.empty()) return nullptr;
    const List<Value> items = to.items();
    if (items.size() != names_.size()) return "the array has a different number of elements than the header";
    List<KeyValue> entries;
    for (std::uint32_t i = 0; i < items.size(); ++i) entries.push(run.arena(), {names_[i], items[i]});
    to = Value::of(entries);
    return nullptr;
  }

  const std::vector<std::string> names_;
};

struct KeyValueSettings : ParserSettings {
  std::string delimiter = "=";
  std::string pair_delimiter = " ";

  void fields(config::Fields& f) {
    ParserSettings::fields(f);
    f.field("delimiter", delimiter, "Between key and value.");
    f.field("pair_delimiter", pair_delimiter, "Between pairs.");
  }
};

class KeyValueParser final : public ParserOperator {
 public:
  KeyValueParser(std::string delimiter, std::string pair_delimiter)
      : delimiter_(std::move(delimiter)), pair_delimiter_(std::move(pair_delimiter)) {}

 private:
  const char* parse(const Value& from, const Entry&, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    List<KeyValue> entries;
    const char* why = text::read_key_values(from.text(), delimiter_, pair_delimiter_, run.arena(), entries);
    to = Value::of(entries);
    return why;
  }

  const std::string delimiter_, pair_delimiter_;
};

struct CsvSettings : ParserSettings {
  std::string header;
  std::string header_attribute;
  std::string delimiter = ",";
  std::string header_delimiter;
  bool lazy_quotes = false;
  bool ignore_quotes = false;

  void fields(config::Fields& f) {
    ParserSettings::fields(f);
    f.field("header", header, "Names of the columns.");
    f.field("header_attribute", header_attribute, "Attribute that holds the names.");
    f.field("delimiter", delimiter, "One character between columns.");
    f.field("header_delimiter", header_delimiter, "One character between names; as delimiter by default.");
    f.field("lazy_quotes", lazy_quotes, "Quotes may appear inside columns.");
    f.field("ignore_quotes", ignore_quotes, "Quotes are ordinary characters.");
  }
};

class CsvParser final : public ParserOperator {
 public:
  explicit CsvParser(CsvSettings settings) : settings_(std::move(settings)) {
    names_ = text::split_header(settings_.header, header_delimiter());
  }

 private:
  char header_delimiter() const {
    return settings_.header_delimiter.empty() ? settings_.delimiter.front() : settings_.header_delimiter.front();
  }

  const char* parse(const Value& from, const Entry& entry, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    const text::CsvQuotes quotes = settings_.ignore_quotes ? text::CsvQuotes::none
                                   : settings_.lazy_quotes ? text::CsvQuotes::lazy
                                                           : text::CsvQuotes::strict;
    List<Value> columns;
    if (const char* why = text::read_csv_row(from.text(), settings_.delimiter.front(), quotes, run.arena(), columns))
      return why;
    List<KeyValue> entries;
    if (!settings_.header_attribute.empty()) {
      const Value* header = find(entry.record.attributes, settings_.header_attribute);
      if (header == nullptr || !header->is_text()) return "the header attribute is not there";
      const std::vector<std::string> names = text::split_header(header->text(), header_delimiter());
      if (names.size() != columns.size()) return wrong_count;
      for (std::uint32_t i = 0; i < columns.size(); ++i)
        entries.push(run.arena(), {run.arena().copy(names[i]), columns[i]});
    } else {
      if (names_.size() != columns.size()) return wrong_count;
      for (std::uint32_t i = 0; i < columns.size(); ++i) entries.push(run.arena(), {names_[i], columns[i]});
    }
    to = Value::of(entries);
    return nullptr;
  }

  static constexpr const char* wrong_count = "the row has a different number of columns than the header";

  const CsvSettings settings_;
  std::vector<std::string> names_;
};

class UriParser final : public ParserOperator {
  const char* parse(const Value& from, const Entry&, Run& run, Value& to) const override {
    if (!from.is_text()) return not_text;
    List<KeyValue> entries;
    const char* why = text::read_uri(from.text(), run.arena(), entries);
    to = Value::of(entries);
    return why;
  }
};

struct ScopeNameSettings : TransformerSettings {
  std::string parse_from;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("parse_from", parse_from, "Field that holds the name.");
  }
};

class ScopeNameParser final : public Transformer {
 public:
  explicit ScopeNameParser(FieldPath from) : from_(std::move(from)) {}

 private:
  const char* transform(Entry& entry, Run&) const override {
    Value name;
    if (!from_.get(entry, name) || !name.is_text()) return "the scope name's field is not there";
    entry.scope_name = name.text();
    return nullptr;
  }

  const FieldPath from_;
};

template <class Parser, class Settings, class... Arguments>
std::unique_ptr<Operator> configured(const Settings& settings, const OperatorSource& source, Arguments&&... arguments) {
  auto parser = std::make_unique<Parser>(std::forward<Arguments>(arguments)...);
  parser->configure(settings, source);
  return parser;
}

}  // namespace

std::unique_ptr<Operator> build_regex_parser(const OperatorSource& source) {
  const auto settings = source.read<RegexSettings>();
  auto pattern = text::Pattern::compile(settings.regex);
  if (settings.regex.empty()) {
    source.error("regex", "\"regex\" must be set");
  } else if (!pattern) {
    source.error("regex", pattern.error().message());
  } else {
    for (const std::string& name : pattern->group_names())
      if (!name.empty()) return configured<RegexParser>(settings, source, std::move(*pattern));
    source.error("regex", "the regular expression needs at least one named group", "write (?P<name>…)");
  }
  return nullptr;
}

std::unique_ptr<Operator> build_json_parser(const OperatorSource& source) {
  const auto settings = source.read<JsonSettings>();
  return configured<JsonParser>(settings, source, settings.parse_ints);
}

std::unique_ptr<Operator> build_json_array_parser(const OperatorSource& source) {
  const auto settings = source.read<JsonArraySettings>();
  if (settings.parse_to.empty() && settings.header.empty())
    source.error("parse_to", "a list cannot become attributes: set \"parse_to\" or \"header\"");
  return configured<JsonArrayParser>(settings, source, text::split_header(settings.header, ','));
}

std::unique_ptr<Operator> build_key_value_parser(const OperatorSource& source) {
  const auto settings = source.read<KeyValueSettings>();
  if (settings.delimiter.empty() || settings.pair_delimiter.empty() || settings.delimiter == settings.pair_delimiter)
    source.error("delimiter", "\"delimiter\" and \"pair_delimiter\" must be set and differ");
  return configured<KeyValueParser>(settings, source, settings.delimiter, settings.pair_delimiter);
}

std::unique_ptr<Operator> build_csv_parser(const OperatorSource& source) {
  const auto settings = source.read<CsvSettings>();
  if (settings.header.empty() == settings.header_attribute.empty())
    source.error("header", "exactly one of \"header\" and \"header_attribute\" must be set");
  if (settings.delimiter.size() != 1 || settings.header_delimiter.size() > 1) {
    source.error("delimiter", "a delimiter is one character");
    return nullptr;
  }
  if (settings.lazy_quotes && settings.ignore_quotes)
    source.error("lazy_quotes", "\"lazy_quotes\" and \"ignore_quotes\" exclude each other");
  return configured<CsvParser>(settings, source, settings);
}

std::unique_ptr<Operator> build_uri_parser(const OperatorSource& source) {
  return configured<UriParser>(source.read<ParserSettings>(), source);
}

std::unique_ptr<Operator> build_scope_name_parser(const OperatorSource& source) {
  const auto settings = source.read<ScopeNameSettings>();
  return std::make_unique<ScopeNameParser>(source.required_field("parse_from", settings.parse_from));
}

}  // namespace rankwire::file_log
