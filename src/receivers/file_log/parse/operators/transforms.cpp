// The operators that move values about: add, copy, move, remove, retain, flatten and others.
#include <algorithm>

#include "config/load.hpp"
#include "receivers/file_log/parse/operators/build.hpp"
#include "text/encoding.hpp"
#include "text/pattern.hpp"

namespace rankwire::file_log {

namespace {

// Attributes and resource may later change in place; what was taken from them must not change too.
Value own_copy(const Value& value, Arena& arena) {
  if (value.type() != ValueType::map) return value;
  List<KeyValue> entries = value.entries();
  entries.own(arena);
  return Value::of(entries);
}

Value from_node(const config::Node& node, Arena& arena) {
  switch (node.kind()) {
    case config::NodeKind::null: return {};
    case config::NodeKind::sequence: {
      List<Value> items;
      for (const config::Node& item : node.items()) items.push(arena, from_node(item, arena));
      return Value::of(items);
    }
    case config::NodeKind::map: {
      List<KeyValue> entries;
      for (const auto& [key, value] : node.entries()) entries.push(arena, {arena.copy(key), from_node(value, arena)});
      return Value::of(entries);
    }
    case config::NodeKind::scalar: break;
  }
  switch (config::scalar_type(node)) {
    case config::ScalarType::null: return {};
    case config::ScalarType::boolean: return Value::of((node.text()[0] | 0x20) == 't');
    case config::ScalarType::integer: {
      errno = 0;
      char* end = nullptr;
      const std::int64_t number = std::strtoll(node.text().c_str(), &end, 0);
      if (errno == 0 && *end == '\0') return Value::of(number);
      return Value::of(arena.copy(node.text()));
    }
    case config::ScalarType::real: return Value::of(std::strtod(node.text().c_str(), nullptr));
    case config::ScalarType::text: break;
  }
  return Value::of(arena.copy(node.text()));
}

struct AddSettings : TransformerSettings {
  std::string field;
  config::Node value;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("field", field, "Where the value goes.");
    f.field("value", value, "Any value; a text may be EXPR(...).");
  }
};

class Add final : public Transformer {
 public:
  Add(FieldPath to, const config::Node& value, std::optional<expr::Template> text)
      : to_(std::move(to)), value_(from_node(value, memory_)), text_(std::move(text)) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Value value = value_;
    if (text_.has_value()) {
      expr::Evaluation e{entry, run.arena()};
      value = own_copy(text_->evaluate(e), run.arena());
      if (e.error != nullptr) return e.error;
    }
    return to_.set(entry, run.arena(), value) ? nullptr : "only a map can become attributes";
  }

  const FieldPath to_;
  Arena memory_;
  const Value value_;
  const std::optional<expr::Template> text_;
};

struct FromToSettings : TransformerSettings {
  std::string from, to;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("from", from, "The field to take.");
    f.field("to", to, "Where it goes.");
  }
};

class Copy final : public Transformer {
 public:
  Copy(FieldPath from, FieldPath to, bool is_move) : from_(std::move(from)), to_(std::move(to)), is_move_(is_move) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Value value;
    const bool is_there = is_move_ ? from_.take(entry, run.arena(), value) : from_.get(entry, value);
    if (!is_there) return "the field is not there";
    return to_.set(entry, run.arena(), own_copy(value, run.arena())) ? nullptr : "only a map can become attributes";
  }

  const FieldPath from_, to_;
  const bool is_move_;
};

struct FieldSettings : TransformerSettings {
  std::string field;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("field", field, "The field concerned.");
  }
};

class Remove final : public Transformer {
 public:
  explicit Remove(FieldPath field) : field_(std::move(field)) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Value value;
    return field_.take(entry, run.arena(), value) || field_.is_root() ? nullptr : "the field is not there";
  }

  const FieldPath field_;
};

struct FieldListSettings : TransformerSettings {
  std::vector<std::string> names;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("fields", names, "The fields to keep.");
  }
};

// Of each root that is named at all, only the named fields stay.
class Retain final : public Transformer {
 public:
  explicit Retain(std::vector<FieldPath> fields) : fields_(std::move(fields)) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Entry kept = entry;
    for (const FieldPath& field : fields_) {
      if (field.root() == FieldPath::Root::body) kept.record.body = {};
      if (field.root() == FieldPath::Root::attributes) kept.record.attributes = {};
      if (field.root() == FieldPath::Root::resource) kept.resource = {};
    }
    for (const FieldPath& field : fields_) {
      Value value;
      if (field.get(entry, value)) field.set(kept, run.arena(), own_copy(value, run.arena()));
    }
    entry = kept;
    return nullptr;
  }

  const std::vector<FieldPath> fields_;
};

// The entries of a map move up beside it.
class Flatten final : public Transformer {
 public:
  Flatten(FieldPath field, FieldPath parent) : field_(std::move(field)), parent_(std::move(parent)) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Value value;
    if (!field_.get(entry, value) || value.type() != ValueType::map) return "the field is not a map";
    field_.take(entry, run.arena(), value);
    return parent_.set(entry, run.arena(), value) ? nullptr : "only a map can become attributes";
  }

  const FieldPath field_, parent_;
};

struct AssignKeysSettings : TransformerSettings {
  std::string field;
  std::vector<std::string> keys;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("field", field, "A list.");
    f.field("keys", keys, "Names for its elements.");
  }
};

class AssignKeys final : public Transformer {
 public:
  AssignKeys(FieldPath field, std::vector<std::string> keys) : field_(std::move(field)), keys_(std::move(keys)) {}

 private:
  const char* transform(Entry& entry, Run& run) const override {
    Value value;
    if (!field_.get(entry, value) || value.type() != ValueType::array) return "the field is not a list";
    const List<Value> items = value.items();
    if (items.size() != keys_.size()) return "the list has a different number of elements than there are keys";
    List<KeyValue> entries;
    for (std::uint32_t i = 0; i < items.size(); ++i) entries.push(run.arena(), {keys_[i], items[i]});
    return field_.set(entry, run.arena(), Value::of(entries)) ? nullptr : "only a map can become attributes";
  }

  const FieldPath field_;
  const std::vector<std::string> keys_;
};

}  // namespace

std::unique_ptr<Operator> build_add(const OperatorSource& source) {
  const auto settings = source.read<AddSettings>();
  const FieldPath to = source.required_field("field", settings.field);
  if (!source.has("value")) source.error("", "\"value\" must be set");
  std::optional<expr::Template> text;
  const bool is_template = settings.value.is_scalar() && settings.value.text().find("EXPR(") != std::string::npos;
  if (is_template) {
    auto compiled = expr::Template::compile(settings.value.text());
    if (!compiled) {
      source.error("value", compiled.error().message());
      return nullptr;
    }
    text = std::move(*compiled);
  }
  return std::make_unique<Add>(to, settings.value, std::move(text));
}

std::unique_ptr<Operator> build_copy(const OperatorSource& source) {
  const auto settings = source.read<FromToSettings>();
  return std::make_unique<Copy>(source.required_field("from", settings.from), source.required_field("to", settings.to),
                                false);
}

std::unique_ptr<Operator> build_move(const OperatorSource& source) {
  const auto settings = source.read<FromToSettings>();
  return std::make_unique<Copy>(source.required_field("from", settings.from), source.required_field("to", settings.to),
                                true);
}

std::unique_ptr<Operator> build_remove(const OperatorSource& source) {
  const auto settings = source.read<FieldSettings>();
  return std::make_unique<Remove>(source.required_field("field", settings.field));
}

std::unique_ptr<Operator> build_retain(const OperatorSource& source) {
  const auto settings = source.read<FieldListSettings>();
  std::vector<FieldPath> fields;
  for (const std::string& name : settings.names) fields.push_back(source.field("fields", name));
  if (fields.empty()) source.error("fields", "\"fields\" must name at least one field");
  return std::make_unique<Retain>(std::move(fields));
}

std::unique_ptr<Operator> build_flatten(const OperatorSource& source) {
  const auto settings = source.read<FieldSettings>();
  const FieldPath field = source.required_field("field", settings.field);
  FieldPath parent(field.root());
  for (std::size_t i = 0; i + 1 < field.keys().size(); ++i) parent = parent.child(field.keys()[i]);
  if (field.is_root()) source.error("field", "there is nothing above this field to flatten into");
  return std::make_unique<Flatten>(field, parent);
}

std::unique_ptr<Operator> build_assign_keys(const OperatorSource& source) {
  const auto settings = source.read<AssignKeysSettings>();
  if (settings.keys.empty()) source.error("keys", "\"keys\" must be set");
  return std::make_unique<AssignKeys>(source.required_field("field", settings.field), settings.keys);
}

}  // namespace rankwire::file_log
