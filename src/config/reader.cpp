// The visitor that assigns fields from a tree. A value that does not fit is reported and left at
// its default. What a Secret field was given is never part of a message.
#include <algorithm>

#include "config/fields.hpp"
#include "config/load.hpp"
#include "config/scope.hpp"
#include "config/units.hpp"

namespace rankwire::config {
namespace {

const char* kind_name(const Node& node) {
  switch (node.kind()) {
    case NodeKind::map: return "a map";
    case NodeKind::sequence: return "a list";
    case NodeKind::null: return "nothing";
    case NodeKind::scalar: break;
  }
  switch (scalar_type(node)) {
    case ScalarType::boolean: return "a bool";
    case ScalarType::integer: return "an integer";
    case ScalarType::real: return "a number";
    default: return "a text";
  }
}

std::string shown(const Node& node) {
  constexpr std::size_t shown_max = 60;
  if (!node.is_scalar()) return kind_name(node);
  if (node.is_referenced()) return "the value that its reference stands for";
  const std::string& text = node.text();
  return "\"" + (text.size() > shown_max ? text.substr(0, shown_max) + "…" : text) + "\"";
}

std::string in_lower_case(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return plain;
}

// Unlike keys, which may be many, all that a value can be is always said; of those that differ in case only, the first.
std::string suggested_choice(const std::string& written, const std::vector<Choice>& choices) {
  std::vector<std::string_view> names;
  for (const Choice& choice : choices) {
    const auto is_same = [&choice](std::string_view name) { return in_lower_case(name) == in_lower_case(choice.name); };
    if (std::none_of(names.begin(), names.end(), is_same)) names.push_back(choice.name);
  }
  if (const std::string_view best = closest(written, names); !best.empty())
    return "did you mean \"" + std::string(best) + "\"?";
  std::string text = names.size() == 1 ? "allowed is " : "allowed are ";
  for (const std::string_view name : names) (text += text.ends_with(' ') ? "" : ", ") += name;
  return text;
}

class FieldReader final : public Fields {
 public:
  FieldReader(const Node& node, std::string path, Diagnostics& out) : root_(node), path_(std::move(path)), out_(out) {}

  void begin() {
    found_ = {};
    is_repeat_needed_ = false;
    scopes_.clear();
    scopes_.push_back(std::make_unique<Scope>(root_, path_, found_, renames_[path_]));
    if (!root_.is_map() && !root_.is_null()) wrong_kind(root_, path_, "a map");
  }
  bool end() {
    if (!is_repeat_needed_) {
      scopes_.back()->report_unknown();
      for (const Diagnostic& d : found_.all()) {
        if (d.severity == Severity::error) out_.error(d.place, d.path, d.message, d.suggestion);
        if (d.severity == Severity::warning) out_.warning(d.place, d.path, d.message, d.suggestion);
      }
    }
    scopes_.clear();
    return !is_repeat_needed_;
  }

  void field(std::string_view key, bool& value, std::string_view) override {
    if (const Node* node = take(key)) assign(boolean(*node, key), value);
  }
  void field(std::string_view key, std::int64_t& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(signed_integer(*node, key, bounds), value);
  }
  void field(std::string_view key, std::uint64_t& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(unsigned_integer(*node, key, bounds), value);
  }
  void field(std::string_view key, double& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(real(*node, key, bounds), value);
  }
  void field(std::string_view key, std::string& value, std::string_view) override {
    if (const Node* node = take_text(key)) assign(text(*node, full_path(key)), value);
  }
  void field(std::string_view key, Secret& value, std::string_view) override {
    if (const Node* node = take_text(key)) {
      if (auto found = text(*node, full_path(key))) value = Secret(std::move(*found));
    }
  }
  void field(std::string_view key, Duration& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(duration(*node, key, bounds), value);
  }
  void field(std::string_view key, Bytes& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(size(*node, key, bounds), value);
  }
  void field(std::string_view key, ComponentId& value, std::string_view) override {
    if (const Node* node = take(key)) assign(id(*node, key), value);
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view) override;
  void field(std::string_view key, std::vector<Secret>& value, std::string_view doc) override {
    std::vector<std::string> texts;
    field(key, texts, doc);
    if (texts.empty()) return;
    value.clear();
    for (std::string& one : texts) value.emplace_back(std::move(one));
  }
  void field(std::string_view key, StringMap& value, std::string_view) override;
  void field(std::string_view key, SecretMap& value, std::string_view) override;
  void field(std::string_view key, Node& value, std::string_view) override {
    if (const Node* node = take(key)) value = *node;
  }
  void field(std::string_view key, std::optional<bool>& value, std::string_view) override {
    if (const Node* node = take(key)) assign(boolean(*node, key), value);
  }
  void field(std::string_view key, std::optional<std::uint64_t>& value, std::string_view, Bounds bounds) override {
    if (const Node* node = take(key)) assign(unsigned_integer(*node, key, bounds), value);
  }
  void field(std::string_view key, std::optional<ComponentId>& value, std::string_view) override {
    if (const Node* node = take(key)) assign(id(*node, key), value);
  }
  void field(std::string_view key, std::optional<std::string>& value, std::string_view) override {
    if (const Node* node = take_text(key)) assign(text(*node, full_path(key)), value);
  }

  void ignored(std::string_view key, std::string_view why) override {
    if (const Node* node = scope().take(key, false)) {
      found_.warning(node->key_place(), full_path(key), "has no effect here: " + std::string(why));
    }
  }
  void unsupported(std::string_view key, std::string_view why) override {
    const Node* node = scope().take(key, false);
    // Written out at its "off" value it asks for nothing.
    if (!node || node->is_null() || (node->is_scalar() && node->text() == "false")) return;
    found_.error(node->key_place(), full_path(key),
                 "known in the OpenTelemetry Collector but not supported here: " + std::string(why));
  }
  void renamed(std::string_view old_key, std::string_view key) override {
    if (scope().rename(old_key, key)) is_repeat_needed_ = true;
  }

 protected:
  void choice_number(std::string_view key, int& value, const std::vector<Choice>& choices, std::string_view) override;
  bool begin_section(std::string_view key, std::string_view) override {
    const Node* node = scope().take(key);
    if (node && !node->is_null() && !node->is_map()) {
      wrong_kind(*node, full_path(key), "a map");
      return false;
    }
    push(node ? *node : Node::null(scope().place()), full_path(key));
    return true;
  }
  std::optional<std::vector<std::string>> names_in_section(const std::vector<std::string>&) override {
    return scope().keys();
  }
  Presence begin_optional(std::string_view key, bool, std::string_view) override {
    const Node* node = scope().take(key);
    if (!node) return Presence::keep;
    if (!node->is_null() && !node->is_map()) {
      wrong_kind(*node, full_path(key), "a map");
      return Presence::keep;
    }
    push(*node, full_path(key));
    return Presence::present;
  }
  void end_section() override {
    scope().report_unknown();
    scopes_.pop_back();
  }
  ListVisit begin_list(std::string_view key, std::size_t, std::string_view) override {
    const Node* node = take(key);
    if (node && !node->is_sequence()) {
      wrong_kind(*node, full_path(key), "a list");
      node = nullptr;
    }
    lists_.push_back({node ? *node : Node(), full_path(key)});
    if (!node) return {};
    return {.is_visited = true, .is_replaced = true, .count = node->items().size()};
  }
  bool item_text(std::size_t index, std::string& value) override {
    const Node& item = lists_.back().node.items()[index];
    if (item.is_map() || item.is_sequence()) return false;
    if (auto found = text(item, lists_.back().path + "[" + std::to_string(index) + "]")) value = std::move(*found);
    return !value.empty();
  }
  bool begin_item(std::size_t index) override {
    const Node& item = lists_.back().node.items()[index];
    const std::string path = lists_.back().path + "[" + std::to_string(index) + "]";
    if (!item.is_map() && !item.is_null()) {
      wrong_kind(item, path, "a map");
      return false;
    }
    push(item, path);
    return true;
  }
  void end_item() override { end_section(); }
  void end_list() override { lists_.pop_back(); }
  Validator* validator() override { return scopes_.back().get(); }

 private:
  struct OpenList {
    Node node;
    std::string path;
  };

  Scope& scope() { return *scopes_.back(); }
  void push(const Node& node, const std::string& path) {
    scopes_.push_back(std::make_unique<Scope>(node, path, found_, renames_[path]));
  }
  std::string full_path(std::string_view key) { return scope().path_of(key); }

  // The value to read, or null where the default stays: absent, or written as null.
  const Node* take(std::string_view key) {
    const Node* node = scope().take(key);
    return node && !node->is_null() ? node : nullptr;
  }
  // A null out of a reference is an empty text.
  const Node* take_text(std::string_view key) {
    const Node* node = scope().take(key);
    return node && (!node->is_null() || node->has_original_text()) ? node : nullptr;
  }

  template <class From, class To>
  static void assign(std::optional<From> found, To& value) {
    if (found) value = std::move(*found);
  }

  void wrong_kind(const Node& node, const std::string& path, const char* wanted) {
    found_.error(node.place(), path, std::string("must be ") + wanted + ", not " + kind_name(node));
  }
  void wrong(const Node& node, std::string_view key, const std::string& what, std::string suggestion = {}) {
    found_.error(node.place(), full_path(key), what, std::move(suggestion));
  }
  std::string number_hint(const Node& node) {
    return node.is_scalar() && node.is_quoted() && parse_real(node.text()) ? "remove the quotes" : "";
  }
  bool is_within(const Node& node, std::string_view key, double value, Bounds bounds, std::string (*show)(double));

  std::optional<bool> boolean(const Node& node, std::string_view key);
  std::optional<Integer> integer(const Node& node, std::string_view key, Bounds bounds);
  std::optional<std::int64_t> signed_integer(const Node& node, std::string_view key, Bounds bounds);
  std::optional<std::uint64_t> unsigned_integer(const Node& node, std::string_view key, Bounds bounds);
  std::optional<double> real(const Node& node, std::string_view key, Bounds bounds);
  std::optional<Duration> duration(const Node& node, std::string_view key, Bounds bounds);
  std::optional<Bytes> size(const Node& node, std::string_view key, Bounds bounds);
  std::optional<ComponentId> id(const Node& node, std::string_view key);
  std::optional<std::string> text(const Node& node, const std::string& path);
  bool add_named(const Node& item, const std::string& path, SecretMap& into);

  const Node root_;
  const std::string path_;
  Diagnostics& out_;
  Diagnostics found_;                       // Of this pass.
  std::map<std::string, Renames> renames_;  // By path of the map; kept for the next pass.
  std::vector<std::unique_ptr<Scope>> scopes_;
  std::vector<OpenList> lists_;
  bool is_repeat_needed_ = false;
};

bool FieldReader::is_within(const Node& node, std::string_view key, double value, Bounds bounds,
                            std::string (*show)(double)) {
  if (value >= bounds.min && value <= bounds.max) return true;
  if (value < bounds.min) {
    wrong(node, key, "must be at least " + show(bounds.min) + ", not " + shown(node));
  } else {
    wrong(node, key, "must be at most " + show(bounds.max) + ", not " + shown(node));
  }
  return false;
}

std::optional<bool> FieldReader::boolean(const Node& node, std::string_view key) {
  if (scalar_type(node) == ScalarType::boolean) return parse_boolean(node.text());
  wrong(node, key, "must be true or false, not " + shown(node),
        node.is_quoted() && parse_boolean(node.text()) ? "remove the quotes" : "");
  return {};
}

std::optional<Integer> FieldReader::integer(const Node& node, std::string_view key, Bounds bounds) {
  std::optional<Integer> found;
  if (scalar_type(node) == ScalarType::integer) found = parse_integer(node.text());
  if (scalar_type(node) == ScalarType::real) {
    const double value = *parse_real(node.text());
    if (value == static_cast<double>(static_cast<std::int64_t>(std::clamp(value, -0x1p62, 0x1p62)))) {
      found = Integer{value < 0, static_cast<std::uint64_t>(value < 0 ? -value : value)};
    }
  }
  if (!found) {
    wrong(node, key, "must be an integer, not " + shown(node), number_hint(node));
  } else if (!is_within(node, key, found->as_real(), bounds, format_real)) {
    return {};
  }
  return found;
}

std::optional<std::int64_t> FieldReader::signed_integer(const Node& node, std::string_view key, Bounds bounds) {
  const auto found = integer(node, key, bounds);
  if (!found) return {};
  const auto value = found->as_signed();
  if (!value) wrong(node, key, "is too large");
  return value;
}

std::optional<std::uint64_t> FieldReader::unsigned_integer(const Node& node, std::string_view key, Bounds bounds) {
  const auto found = integer(node, key, bounds);
  if (!found) return {};
  const auto value = found->as_unsigned();
  if (!value) wrong(node, key, "must not be negative");
  return value;
}

std::optional<double> FieldReader::real(const Node& node, std::string_view key, Bounds bounds) {
  std::optional<double> found;
  if (scalar_type(node) == ScalarType::integer) found = parse_integer(node.text())->as_real();
  if (scalar_type(node) == ScalarType::real) found = parse_real(node.text());
  if (!found) wrong(node, key, "must be a number, not " + shown(node), number_hint(node));
  if (found && !is_within(node, key, *found, bounds, format_real)) return {};
  return found;
}

std::optional<Duration> FieldReader::duration(const Node& node, std::string_view key, Bounds bounds) {
  std::optional<Duration> found;
  if (scalar_type(node) == ScalarType::integer) {
    const auto nanos = parse_integer(node.text())->as_signed();
    if (nanos && *nanos != 0) {
      found_.warning(node.place(), full_path(key), "a bare number counts nanoseconds",
                     "write a unit: \"" + (node.is_referenced() ? "5" : node.text()) + "s\"");
    }
    if (nanos) found = Duration(*nanos);
  } else if (scalar_type(node) == ScalarType::text && node.is_scalar()) {
    auto parsed = parse_duration(node.text());
    if (!parsed) {
      wrong(node, key, shown(node) + " " + parsed.error().message(), "write it as \"1h30m\", \"5s\" or \"200ms\"");
      return {};
    }
    found = *parsed;
  }
  if (!found) {
    wrong(node, key, "must be a duration, not " + shown(node), "write it as \"1h30m\", \"5s\" or \"200ms\"");
    return {};
  }
  const auto show = [](double nanos) { return format_duration(Duration(static_cast<std::int64_t>(nanos))); };
  if (!is_within(node, key, static_cast<double>(found->count()), bounds, show)) return {};
  return found;
}

std::optional<Bytes> FieldReader::size(const Node& node, std::string_view key, Bounds bounds) {
  std::optional<Bytes> found;
  if (scalar_type(node) == ScalarType::integer) {
    if (const auto count = parse_integer(node.text())->as_unsigned()) found = Bytes{*count};
  } else if (node.is_scalar()) {
    if (auto parsed = parse_size(node.text())) found = *parsed;
  }
  if (!found) {
    wrong(node, key, "must be a size, not " + shown(node), "write it as \"16KiB\", \"1MB\" or 1000");
    return {};
  }
  const auto show = [](double count) { return format_size(Bytes{static_cast<std::uint64_t>(std::max(count, 0.0))}); };
  if (!is_within(node, key, static_cast<double>(found->count), bounds, show)) return {};
  return found;
}

std::optional<ComponentId> FieldReader::id(const Node& node, std::string_view key) {
  if (!node.is_scalar()) {
    wrong_kind(node, full_path(key), "a component id");
    return {};
  }
  auto found = ComponentId::parse(node.text());
  if (!found) {
    wrong(node, key, found.error().message());
    return {};
  }
  return *std::move(found);
}

// Also for secrets: says the kind of a wrong value, never its text.
std::optional<std::string> FieldReader::text(const Node& node, const std::string& path) {
  if (node.is_scalar() || node.has_original_text()) return node.original_text();
  if (node.is_null()) return std::string();
  wrong_kind(node, path, "a text");
  return {};
}

void FieldReader::field(std::string_view key, std::vector<std::string>& value, std::string_view) {
  const Node* node = take_text(key);
  if (!node) return;
  std::vector<std::string> found;
  if (node->is_sequence()) {
    for (std::size_t i = 0; i < node->items().size(); ++i) {
      auto item = text(node->items()[i], full_path(key) + "[" + std::to_string(i) + "]");
      if (item) found.push_back(std::move(*item));
    }
  } else if (node->is_scalar() || node->is_null()) {
    // Upstream splits a text at commas.
    const std::string& all = node->original_text();
    for (std::size_t start = 0; !all.empty() && start <= all.size();) {
      const std::size_t end = std::min(all.find(',', start), all.size());
      found.push_back(all.substr(start, end - start));
      start = end + 1;
    }
  } else {
    return wrong_kind(*node, full_path(key), "a list of texts");
  }
  value = std::move(found);
}

void FieldReader::field(std::string_view key, StringMap& value, std::string_view) {
  const Node* node = take(key);
  if (!node) return;
  if (!node->is_map()) return wrong_kind(*node, full_path(key), "a map of texts");
  StringMap found;
  for (const auto& [name, item] : node->entries()) {
    if (auto content = text(item, full_path(key) + "::" + name)) found.emplace_back(name, std::move(*content));
  }
  value = std::move(found);
}

void FieldReader::field(std::string_view key, SecretMap& value, std::string_view) {
  const Node* node = take(key);
  if (!node) return;
  SecretMap found;
  if (node->is_map()) {
    for (const auto& [name, item] : node->entries()) {
      if (auto content = text(item, full_path(key) + "::" + name))
        found.emplace_back(name, Secret(std::move(*content)));
    }
  } else if (node->is_sequence()) {
    for (std::size_t i = 0; i < node->items().size(); ++i) {
      add_named(node->items()[i], full_path(key) + "[" + std::to_string(i) + "]", found);
    }
  } else {
    return wrong_kind(*node, full_path(key), "a map, or a list of {name, value}");
  }
  value = std::move(found);
}

// One {name, value} of a list.
bool FieldReader::add_named(const Node& item, const std::string& path, SecretMap& into) {
  const Node* name = item.find("name");
  const Node* value = item.find("value");
  if (!item.is_map() || !name || !name->is_scalar()) {
    found_.error(item.place(), path, "must be a map of name and value");
    return false;
  }
  for (const auto& [key, unused] : item.entries()) {
    if (key == "name" || key == "value") continue;
    found_.error(unused.key_place(), path + "::" + key, "unknown key", suggest(key, {"name", "value"}));
  }
  auto content = value ? text(*value, path + "::value") : std::string();
  if (content) into.emplace_back(name->original_text(), Secret(std::move(*content)));
  return true;
}

void FieldReader::choice_number(std::string_view key, int& value, const std::vector<Choice>& choices,
                                std::string_view) {
  const Node* node = take_text(key);
  if (!node) return;
  if (!node->is_scalar() && !node->is_null()) return wrong(*node, key, "must be a text", suggested_choice("", choices));
  const std::string& written = node->original_text();
  for (const bool is_exact : {true, false}) {
    for (const Choice& choice : choices) {
      if (is_exact ? choice.name == written : in_lower_case(choice.name) == in_lower_case(written)) {
        value = choice.value;
        return;
      }
    }
  }
  wrong(*node, key, shown(*node) + " is not one of the values allowed", suggested_choice(written, choices));
}

}  // namespace

struct Reader::State {
  FieldReader reader;
};

Reader::Reader(const Node& node, std::string path, Diagnostics& diagnostics)
    : state_(new State{FieldReader(node, std::move(path), diagnostics)}) {}
Reader::~Reader() = default;
Fields& Reader::fields() { return state_->reader; }
void Reader::begin() { state_->reader.begin(); }
bool Reader::end() { return state_->reader.end(); }

}  // namespace rankwire::config
