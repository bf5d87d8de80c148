#include "text/grok.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::text {

namespace {

constexpr int depth_max = 32;
constexpr std::size_t expanded_size_max = 16 * 1024;
// What a dot in a field's name is called in a group's name.
constexpr std::string_view dot = "___";

bool is_word(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_'; }

std::string with_dots(std::string name) {
  for (std::size_t at = name.find(dot); at != std::string::npos; at = name.find(dot, at + 1))
    name.replace(at, dot.size(), ".");
  return name;
}

// "%{NAME:field:type}" at the start of `text`; its size is 0 if it is something else.
struct Reference {
  std::string_view name, field, type;
  std::size_t size = 0;

  static Reference read(std::string_view text) {
    Reference reference;
    const std::size_t end = text.starts_with("%{") ? text.find('}') : std::string_view::npos;
    if (end == std::string_view::npos) return reference;
    std::string_view parts[3];
    std::size_t count = 0;
    for (std::string_view rest = text.substr(2, end - 2);;) {
      const std::size_t colon = std::min(rest.find(':'), rest.size());
      if (count == 3 || colon == 0) return reference;
      const std::string_view part = rest.substr(0, colon);
      const auto may_be = [count](char c) { return is_word(c) || (count == 1 && (c == '.' || c == '+')); };
      if (!std::all_of(part.begin(), part.end(), may_be)) return reference;
      parts[count++] = part;
      if (colon == rest.size()) break;
      rest.remove_prefix(colon + 1);
    }
    return {parts[0], parts[1], parts[2], end + 1};
  }
};

}  // namespace

// Puts the expression together. Groups that become fields get names of their own, since RE2 takes none twice.
class Grok::Expander {
 public:
  Expander(bool only_named, const std::vector<Definition>& definitions)
      : only_named_(only_named), definitions_(definitions) {}

  bool expand(std::string_view text, int depth) {
    if (depth > depth_max) return fail("the patterns refer to each other without end");
    while (!text.empty()) {
      const std::size_t at = std::min(text.find("%{"), text.size());
      out_.append(text, 0, at);
      text.remove_prefix(at);
      const Reference reference = Reference::read(text);
      if (text.empty()) break;
      if (reference.size == 0) {
        out_ += text.front();
        text.remove_prefix(1);
        continue;
      }
      text.remove_prefix(reference.size);
      if (!put(reference, depth)) return false;
      if (out_.size() > expanded_size_max) return fail("the expression is too long");
    }
    return true;
  }

  const std::string& expression() const { return out_; }
  const std::string& why() const { return why_; }
  // Of a group of the expression: the field it is, or, of a group that the user named, that name.
  bool field(const std::string& group, Field& field) const {
    if (group.empty()) return false;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (group != own_name(i)) continue;
      field.name = fields_[i].name;
      field.type = fields_[i].type;
      return true;
    }
    field.name = with_dots(group);
    return true;
  }

 private:
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }
  static std::string own_name(std::size_t index) { return "grok__" + std::to_string(index); }

  std::string definition(std::string_view name) const {
    for (std::size_t i = definitions_.size(); i > 0; --i)
      if (definitions_[i - 1].name == name) return definitions_[i - 1].expression;
    return grok_definition(name);
  }

  bool put(const Reference& reference, int depth) {
    const std::string expression = definition(reference.name);
    if (expression.empty()) return fail("there is no pattern " + std::string(reference.name));
    if (reference.field.empty() && only_named_) {
      out_ += "(?:";
    } else {
      Field field;
      field.name = with_dots(std::string(reference.field.empty() ? reference.name : reference.field));
      if (!read_type(reference.type, field.type))
        return fail("there is no type " + std::string(reference.type) + "; there are int, long, float, double, bool");
      out_ += "(?P<" + own_name(fields_.size()) + ">";
      fields_.push_back(std::move(field));
    }
    if (!expand(expression, depth + 1)) return false;
    out_ += ')';
    return true;
  }

  static bool read_type(std::string_view name, FieldType& type) {
    constexpr std::pair<std::string_view, FieldType> types[] = {
        {"", FieldType::text},        {"string", FieldType::text},    {"int", FieldType::integer},
        {"long", FieldType::integer}, {"float", FieldType::real},     {"double", FieldType::real},
        {"bool", FieldType::boolean}, {"boolean", FieldType::boolean}};
    for (const auto& [known, meant] : types)
      if (name == known) return type = meant, true;
    return false;
  }

  const bool only_named_;
  const std::vector<Definition>& definitions_;
  std::string out_, why_;
  std::vector<Field> fields_;
};

Result<Grok> Grok::compile(std::string_view pattern, bool only_named, const std::vector<Definition>& definitions) {
  Expander expander(only_named, definitions);
  if (!expander.expand(pattern, 0)) return Error(ErrorKind::invalid, expander.why());
  auto compiled = Pattern::compile(expander.expression());
  if (!compiled) return Error(std::move(compiled).error());
  std::vector<Field> fields;
  const auto& names = compiled->group_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (Field field{.group = i}; expander.field(names[i], field)) fields.push_back(std::move(field));
  return Grok(std::move(*compiled), std::move(fields));
}

bool Grok::convert(std::string_view text, FieldType type, Value& value) {
  const auto read = [text](auto& number) {
    const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return code == std::errc() && end == digits.data() + digits.size();
  };
  switch (type) {
    case FieldType::text: value = Value::of(text); return true;
    case FieldType::integer: {
      std::int64_t number = 0;
      if (!read(number)) return false;
      value = Value::of(number);
      return true;
    }
    case FieldType::real: {
      double number = 0;
      if (!read(number)) return false;
      value = Value::of(number);
      return true;
    }
    case FieldType::boolean: {
      const bool is_true =
          text == "1" || text == "t" || text == "T" || text == "true" || text == "TRUE" || text == "True";
      const bool is_false =
          text == "0" || text == "f" || text == "F" || text == "false" || text == "FALSE" || text == "False";
      value = Value::of(is_true);
      return is_true || is_false;
    }
  }
  return false;
}

bool Grok::read(std::string_view text, bool copies_names, Arena& arena, List<KeyValue>& to) const {
  std::string_view groups[64];
  if (!pattern_.capture(text, groups)) return true;
  to.reserve(arena, static_cast<std::uint32_t>(fields_.size()));
  for (const Field& field : fields_) {
    if (groups[field.group].empty()) continue;
    Value value;
    if (!convert(groups[field.group], field.type, value)) return false;
    set(to, arena, copies_names ? arena.copy(field.name) : std::string_view(field.name), value);
  }
  return true;
}

}  // namespace rankwire::text
