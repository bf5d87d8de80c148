// The operators that change text: regex_replace, unquote, sanitize_utf8.
#include "receivers/file_log/parse/operators/build.hpp"
#include "text/encoding.hpp"
#include "text/json_text.hpp"
#include "text/pattern.hpp"

namespace rankwire::file_log {

namespace {

// One field's text replaced by another.
class TextTransform : public Transformer {
 public:
  explicit TextTransform(FieldPath field) : field_(std::move(field)) {}

 private:
  const char* transform(Entry& entry, Run& run) const final {
    Value value;
    if (!field_.get(entry, value)) return "the field is not there";
    if (!value.is_text()) return "the field is not a text";
    std::string_view text = value.text();
    if (const char* why = change(text, run.arena())) return why;
    field_.set(entry, run.arena(), Value::of(text));
    return nullptr;
  }
  virtual const char* change(std::string_view& text, Arena& arena) const = 0;

  const FieldPath field_;
};

struct RegexReplaceSettings : TransformerSettings {
  std::string field;
  std::string regex;
  std::string regex_name;
  std::string replace_with;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("field", field, "The text to change.");
    f.field("regex", regex, "What to replace.");
    f.field("regex_name", regex_name, "A known expression instead of regex: ansi_control_sequences.");
    f.field("replace_with", replace_with, "By what; $1 or ${name} stand for groups.");
  }
};

class RegexReplace final : public TextTransform {
 public:
  RegexReplace(FieldPath field, text::Pattern pattern, std::string with)
      : TextTransform(std::move(field)), pattern_(std::move(pattern)), with_(std::move(with)) {}

 private:
  const char* change(std::string_view& text, Arena& arena) const override {
    if (pattern_.matches(text)) text = arena.copy(pattern_.replace_all(text, with_));
    return nullptr;
  }

  const text::Pattern pattern_;
  const std::string with_;
};

struct TextFieldSettings : TransformerSettings {
  std::string field;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("field", field, "The text to change.");
  }
};

// As Go's strconv.Unquote: "…" and '…' with escapes, `…` without.
class Unquote final : public TextTransform {
 public:
  using TextTransform::TextTransform;

 private:
  const char* change(std::string_view& text, Arena& arena) const override {
    constexpr const char* why = "the text is not quoted";
    if (text.size() < 2 || text.front() != text.back()) return why;
    const char quote = text.front();
    const std::string_view inner = text.substr(1, text.size() - 2);
    if (quote == '`') {
      text = inner;
      return inner.find('`') == std::string_view::npos ? nullptr : why;
    }
    if (quote != '"' && quote != '\'') return why;
    bool has_escapes = false;
    if (quote == '"' && text::find_closing_quote(inner.data(), inner.data() + inner.size(), has_escapes) != nullptr)
      return why;
    return text::unescape_json(inner, arena, text) ? nullptr : why;
  }
};

class SanitizeUtf8 final : public TextTransform {
 public:
  using TextTransform::TextTransform;

 private:
  const char* change(std::string_view& text, Arena& arena) const override {
    text = text::repair_utf8(text, arena);
    return nullptr;
  }
};

}  // namespace

std::unique_ptr<Operator> build_regex_replace(const OperatorSource& source) {
  const auto settings = source.read<RegexReplaceSettings>();
  const FieldPath field = source.required_field("field", settings.field);
  std::string regex = settings.regex;
  if (settings.regex.empty() == settings.regex_name.empty())
    source.error("regex", "exactly one of \"regex\" and \"regex_name\" must be set");
  if (settings.regex_name == "ansi_control_sequences")
    regex = "(?:\\x1b\\[|\\x{9b})[0-?]*[ -/]*[@-~]";
  else if (!settings.regex_name.empty())
    source.error("regex_name", "there is only ansi_control_sequences");
  auto pattern = text::Pattern::compile(regex);
  if (pattern) return std::make_unique<RegexReplace>(field, std::move(*pattern), settings.replace_with);
  source.error("regex", pattern.error().message());
  return nullptr;
}

std::unique_ptr<Operator> build_unquote(const OperatorSource& source) {
  const auto settings = source.read<TextFieldSettings>();
  return std::make_unique<Unquote>(source.required_field("field", settings.field));
}

std::unique_ptr<Operator> build_sanitize_utf8(const OperatorSource& source) {
  const auto settings = source.read<TextFieldSettings>();
  return std::make_unique<SanitizeUtf8>(source.field("field", settings.field));
}

}  // namespace rankwire::file_log
