#include "component/settings/attribute_actions.hpp"

#include <openssl/sha.h>
#include <re2/re2.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "config/load.hpp"

namespace rankwire {
namespace {

const std::vector<config::Choice> action_choices = {
    {"insert", static_cast<int>(ActionKind::insert)},  {"update", static_cast<int>(ActionKind::update)},
    {"upsert", static_cast<int>(ActionKind::upsert)},  {"delete", static_cast<int>(ActionKind::remove)},
    {"hash", static_cast<int>(ActionKind::hash)},      {"extract", static_cast<int>(ActionKind::extract)},
    {"convert", static_cast<int>(ActionKind::convert)}};

enum class Conversion : std::uint8_t { text, integer, real };

struct Action {
  ActionKind kind = ActionKind::none;
  std::string_view key;
  std::optional<Value> value;
  std::optional<Value> default_value;
  std::string_view from_attribute;
  std::string_view header;  // Of `from_context`, in lower case.
  bool is_address = false;  // `from_context: client.address`.
  bool is_auth = false;     // `header` is an attribute of the authenticator's.
  std::unique_ptr<RE2> pattern;
  std::vector<std::string_view> groups;  // Of `extract`: the name of each group, in order; empty if unnamed.
  Conversion conversion = Conversion::text;
};

std::string_view number_text(double value, Arena& arena) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return arena.copy({text, static_cast<std::size_t>(end - text)});
}

// Scalars as text; nothing for lists and maps.
std::optional<std::string_view> text_of(const Value& value, Arena& arena) {
  switch (value.type()) {
    case ValueType::text:
    case ValueType::bytes: return value.text();
    case ValueType::boolean: return value.boolean() ? "true" : "false";
    case ValueType::integer: return arena.copy(std::to_string(value.integer()));
    case ValueType::real: return number_text(value.real(), arena);
    default: return std::nullopt;
  }
}

// What is hashed, as upstream: the bytes of a text, one byte of a boolean, eight of a number.
std::string_view bytes_of(const Value& value, char (&number)[8]) {
  std::uint64_t bits = 0;
  switch (value.type()) {
    case ValueType::text: return value.text();
    case ValueType::boolean: number[0] = value.boolean() ? 1 : 0; return {number, 1};
    case ValueType::integer: bits = static_cast<std::uint64_t>(value.integer()); break;
    case ValueType::real: bits = std::bit_cast<std::uint64_t>(value.real()); break;
    default: return {};
  }
  for (int i = 0; i < 8; ++i) number[i] = static_cast<char>(bits >> (8 * i));
  return {number, 8};
}

Value hashed(const Value& value, Arena& arena) {
  char number[8];
  const std::string_view text = bytes_of(value, number);
  if (text.empty()) return Value::of("");
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  char* hex = arena.allocate_array<char>(2 * SHA256_DIGEST_LENGTH);
  for (int i = 0; i < SHA256_DIGEST_LENGTH; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  return Value::of(std::string_view(hex, 2 * SHA256_DIGEST_LENGTH));
}

// What cannot be converted stays as it is, as upstream.
Value converted(const Value& value, Conversion to, Arena& arena) {
  if (to == Conversion::text) {
    const auto text = text_of(value, arena);
    return text ? Value::of(*text) : value;
  }
  double number = 0;
  if (value.type() == ValueType::integer) {
    if (to == Conversion::integer) return value;
    number = static_cast<double>(value.integer());
  } else if (value.type() == ValueType::real) {
    number = value.real();
  } else if (value.type() == ValueType::boolean) {
    number = value.boolean() ? 1 : 0;
  } else if (value.is_text()) {
    const std::string_view text = value.text();
    if (to == Conversion::integer) {
      std::int64_t integer = 0;
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), integer);
      return code == std::errc() && end == text.data() + text.size() ? Value::of(integer) : value;
    }
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) return value;
  } else {
    return value;
  }
  if (to == Conversion::real) return Value::of(number);
  if (!(std::fabs(number) < 9.2e18)) return value;
  return Value::of(static_cast<std::int64_t>(number));
}

void extract(const Action& action, Attributes& attributes, Arena& arena) {
  const Value* source = find(attributes, action.key);
  if (source == nullptr || !source->is_text()) return;
  std::vector<re2::StringPiece> groups(action.groups.size() + 1);
  const re2::StringPiece text(source->text().data(), source->text().size());
  if (!action.pattern->Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size())))
    return;
  for (std::size_t i = 0; i < action.groups.size(); ++i) {
    const re2::StringPiece& group = groups[i + 1];
    set(attributes, arena, action.groups[i], Value::of(std::string_view(group.data(), group.size())));
  }
}

void remove_matching(const RE2& pattern, Attributes& attributes, Arena& arena) {
  for (std::uint32_t i = attributes.size(); i-- > 0;) {
    const std::string_view key = std::as_const(attributes)[i].key;
    if (!RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), pattern)) continue;
    attributes.own(arena);
    attributes.erase(i);
  }
}

void hash_matching(const RE2& pattern, Attributes& attributes, Arena& arena) {
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    const std::string_view key = std::as_const(attributes)[i].key;
    if (!RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), pattern)) continue;
    attributes.own(arena);
    attributes[i].value = hashed(attributes[i].value, arena);
  }
}

// Headers that came several times are joined by ";".
std::optional<Value> context_value(const Action& action, Arena& arena, const Client* client) {
  if (client == nullptr) return {};
  if (action.is_address) return client->address.empty() ? std::optional<Value>() : Value::of(client->address);
  std::optional<Value> found;
  for (const auto& [name, value] : action.is_auth ? client->auth : client->metadata) {
    if (name != action.header) continue;
    found = found ? Value::of(arena.copy(std::string(found->text()) + ";" + value)) : Value::of(value);
  }
  return found;
}

std::optional<Value> new_value(const Action& action, const Attributes& attributes, Arena& arena, const Client* client) {
  if (action.value) return action.value;
  if (action.is_address || !action.header.empty()) {
    const auto value = context_value(action, arena, client);
    return value ? value : action.default_value;
  }
  if (const Value* source = find(attributes, action.from_attribute)) return *source;
  return action.default_value;
}

void apply_one(const Action& action, Attributes& attributes, Arena& arena, const Client* client) {
  const Value* present = action.key.empty() ? nullptr : find(attributes, action.key);
  switch (action.kind) {
    case ActionKind::none: break;
    case ActionKind::insert:
    case ActionKind::update:
    case ActionKind::upsert: {
      if (action.kind == ActionKind::insert && present != nullptr) break;
      if (action.kind == ActionKind::update && present == nullptr) break;
      if (const auto value = new_value(action, attributes, arena, client)) set(attributes, arena, action.key, *value);
      break;
    }
    case ActionKind::remove:
      if (present != nullptr) remove(attributes, arena, action.key);
      if (action.pattern) remove_matching(*action.pattern, attributes, arena);
      break;
    case ActionKind::hash:
      if (present != nullptr) set(attributes, arena, action.key, hashed(*present, arena));
      if (action.pattern) hash_matching(*action.pattern, attributes, arena);
      break;
    case ActionKind::extract: extract(action, attributes, arena); break;
    case ActionKind::convert:
      if (present != nullptr) set(attributes, arena, action.key, converted(*present, action.conversion, arena));
      break;
  }
}

}  // namespace

void AttributeActionConfig::fields(config::Fields& f) {
  f.field("key", key, "The attribute to act on.");
  f.choice("action", action, action_choices, "What to do. Required.");
  f.field("value", value, "The value to insert, update or upsert.");
  f.field("from_attribute", from_attribute, "Take the value from this attribute.");
  f.field("default_value", default_value, "Used when `from_attribute` or `from_context` finds nothing.");
  f.field("pattern", pattern, "Regular expression: named groups for `extract`, keys for `delete` and `hash`.");
  f.field("converted_type", converted_type, "Of `convert`: int, double or string.");
  f.field(
      "from_context", from_context,
      "Take the value from the request: metadata.<header> (the receiver needs include_metadata), auth.<attribute> or "
      "client.address.");
}

void AttributeActionConfig::check_sources(config::Validator& v, bool sets) const {
  const int sources = (value.is_null() ? 0 : 1) + (from_attribute.empty() ? 0 : 1) + (from_context.empty() ? 0 : 1);
  if (sets && sources == 0) v.error("value", "one of `value`, `from_attribute` and `from_context` must be set");
  if (sets && sources > 1) v.error("value", "only one of `value`, `from_attribute` and `from_context` may be set");
  if (!sets && sources != 0) v.error("value", "only insert, update and upsert take a value from somewhere");
}

void AttributeActionConfig::validate(config::Validator& v) const {
  const bool sets = action == ActionKind::insert || action == ActionKind::update || action == ActionKind::upsert;
  const bool may_use_pattern = action == ActionKind::remove || action == ActionKind::hash;
  if (action == ActionKind::none)
    return v.error("action", "must be set", "one of insert, update, upsert, delete, hash, extract, convert");
  if (key.empty() && !(may_use_pattern && !pattern.empty())) v.error("key", "must be set");
  check_sources(v, sets);
  if (!pattern.empty() && action != ActionKind::extract && !may_use_pattern)
    v.error("pattern", "only extract, delete and hash use it");
  if (!converted_type.empty() && action != ActionKind::convert) v.error("converted_type", "only convert uses it");
  if (action == ActionKind::convert && converted_type != "int" && converted_type != "double" &&
      converted_type != "string")
    v.error("converted_type", "must be int, double or string");
  if (action == ActionKind::extract && pattern.empty()) v.error("pattern", "must be set for extract");
  if (!pattern.empty()) {
    const RE2 compiled(pattern, RE2::Quiet);
    if (!compiled.ok())
      v.error("pattern", "not a regular expression: " + compiled.error());
    else if (action == ActionKind::extract && compiled.NumberOfCapturingGroups() == 0)
      v.error("pattern", "extract needs at least one named group", "(?P<name>…)");
    else if (action == ActionKind::extract &&
             compiled.NamedCapturingGroups().size() != static_cast<std::size_t>(compiled.NumberOfCapturingGroups()))
      v.error("pattern", "every group of an extract pattern must be named", "(?P<name>…)");
  }
}

namespace {

// "auth.username", "metadata.x-tenant", or "x-tenant" as older configurations have it. Names of headers are lower case.
void set_context(std::string_view from_context, Action& action, Arena& arena) {
  constexpr std::string_view metadata = "metadata.", auth = "auth.";
  action.is_address = from_context == "client.address";
  if (action.is_address) return;
  action.is_auth = from_context.starts_with(auth);
  if (action.is_auth) {
    action.header = arena.copy(from_context.substr(auth.size()));
    return;
  }
  if (from_context.starts_with(metadata)) from_context.remove_prefix(metadata.size());
  std::string lower(from_context);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  action.header = arena.copy(lower);
}

}  // namespace

struct AttributeActions::Compiled {
  Arena arena;  // Keys, names and values of the actions.
  std::vector<Action> actions;
};

AttributeActions::AttributeActions(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
AttributeActions::AttributeActions(AttributeActions&&) noexcept = default;
AttributeActions& AttributeActions::operator=(AttributeActions&&) noexcept = default;
AttributeActions::~AttributeActions() = default;

Result<AttributeActions> AttributeActions::compile(const std::vector<AttributeActionConfig>& configs) {
  auto compiled = std::make_unique<Compiled>();
  Arena& arena = compiled->arena;
  for (const AttributeActionConfig& config : configs) {
    Action action;
    action.kind = config.action;
    action.key = arena.copy(config.key);
    action.from_attribute = arena.copy(config.from_attribute);
    set_context(config.from_context, action, arena);
    if (!config.value.is_null()) action.value = value_of(config.value, arena);
    if (!config.default_value.is_null()) action.default_value = value_of(config.default_value, arena);
    if (config.converted_type == "int") action.conversion = Conversion::integer;
    if (config.converted_type == "double") action.conversion = Conversion::real;
    if (!config.pattern.empty()) {
      action.pattern = std::make_unique<RE2>(config.pattern, RE2::Quiet);
      if (!action.pattern->ok())
        return Error(ErrorKind::invalid, "pattern \"" + config.pattern + "\": " + action.pattern->error());
      action.groups.resize(static_cast<std::size_t>(action.pattern->NumberOfCapturingGroups()));
      for (const auto& [number, name] : action.pattern->CapturingGroupNames())
        action.groups[static_cast<std::size_t>(number - 1)] = arena.copy(name);
    }
    compiled->actions.push_back(std::move(action));
  }
  return AttributeActions(std::move(compiled));
}

void AttributeActions::apply(Attributes& attributes, Arena& arena, const Client* client) const {
  for (const Action& action : compiled_->actions) apply_one(action, attributes, arena, client);
}

bool AttributeActions::empty() const { return compiled_->actions.empty(); }

Value value_of(const config::Node& node, Arena& arena) {
  if (node.is_sequence()) {
    List<Value> items;
    for (const config::Node& item : node.items()) items.push(arena, value_of(item, arena));
    return Value::of(items);
  }
  if (node.is_map()) {
    Attributes entries;
    for (const auto& [key, value] : node.entries()) entries.push(arena, {arena.copy(key), value_of(value, arena)});
    return Value::of(entries);
  }
  switch (config::scalar_type(node)) {
    case config::ScalarType::null: return {};
    case config::ScalarType::boolean:
      return Value::of(node.text() == "true" || node.text() == "True" || node.text() == "TRUE");
    case config::ScalarType::integer: {
      std::int64_t number = 0;
      const std::string& text = node.text();
      std::string_view digits = text;
      const bool is_negative = digits.starts_with('-');
      if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
      int base = 10;
      if (digits.starts_with("0x"))
        base = 16, digits.remove_prefix(2);
      else if (digits.starts_with("0o"))
        base = 8, digits.remove_prefix(2);
      else if (digits.size() > 1 && digits.starts_with('0'))
        base = 8, digits.remove_prefix(1);
      (void)std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
      return Value::of(is_negative ? -number : number);
    }
    case config::ScalarType::real: return Value::of(std::strtod(node.text().c_str(), nullptr));
    case config::ScalarType::text: return Value::of(arena.copy(node.text()));
  }
  return {};
}

}  // namespace rankwire
