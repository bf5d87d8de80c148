// A component's configuration is a struct with defaults and one method that names its fields:
//
//   struct OtlpHttpConfig {
//     std::string endpoint;
//     Duration timeout = std::chrono::seconds(30);
//     std::optional<QueueConfig> sending_queue = QueueConfig{};
//     void fields(config::Fields& f) {
//       f.field("endpoint", endpoint, "Base URL of the destination.");
//       f.field("timeout", timeout, "Per attempt.", {.min = 0});
//       f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
//     }
//     void validate(config::Validator& v) const { if (endpoint.empty()) v.error("endpoint", "must be set"); }
//   };
//
// From that one table come parsing, defaults, bounds, unknown-key errors with suggestions,
// print-config, the generated documentation and the schema. `validate` is optional.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "config/diagnostics.hpp"
#include "config/node.hpp"
#include "config/types.hpp"

namespace rankwire::config {

// Bounds of a number; of a duration in nanoseconds; of a size in bytes. Checked after parsing.
struct Bounds {
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
};

// One spelling of an enumerator.
struct Choice {
  std::string_view name;
  int value;
};

using StringMap = std::vector<std::pair<std::string, std::string>>;  // In the order written.
using SecretMap = std::vector<std::pair<std::string, Secret>>;       // `headers`: a map or a list of {name, value}.

// Visits the fields of a configuration struct. The parser assigns them, the printer and the
// documentation generator read them; a struct cannot tell which of them is visiting.
class Fields {
 public:
  virtual ~Fields() = default;

  virtual void field(std::string_view key, bool& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, std::int64_t& value, std::string_view doc, Bounds = {}) = 0;
  virtual void field(std::string_view key, std::uint64_t& value, std::string_view doc, Bounds = {}) = 0;
  virtual void field(std::string_view key, double& value, std::string_view doc, Bounds = {}) = 0;
  virtual void field(std::string_view key, std::string& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, Secret& value, std::string_view doc) = 0;
  // Go's syntax: "1h30m", "200ms"; a bare integer is nanoseconds, as upstream.
  virtual void field(std::string_view key, Duration& value, std::string_view doc, Bounds = {}) = 0;
  // "16KiB", "1MB", "1000".
  virtual void field(std::string_view key, Bytes& value, std::string_view doc, Bounds = {}) = 0;
  virtual void field(std::string_view key, ComponentId& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, std::vector<std::string>& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, std::vector<Secret>& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, StringMap& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, SecretMap& value, std::string_view doc) = 0;
  // Free-form: the component interprets the value itself.
  virtual void field(std::string_view key, Node& value, std::string_view doc) = 0;
  // Absent stays nullopt.
  virtual void field(std::string_view key, std::optional<bool>& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, std::optional<std::uint64_t>& value, std::string_view doc, Bounds = {}) = 0;
  virtual void field(std::string_view key, std::optional<ComponentId>& value, std::string_view doc) = 0;
  virtual void field(std::string_view key, std::optional<std::string>& value, std::string_view doc) = 0;

  template <class Enum>
    requires std::is_enum_v<Enum>
  void choice(std::string_view key, Enum& value, const std::vector<Choice>& choices, std::string_view doc) {
    int number = static_cast<int>(value);
    choice_number(key, number, choices, doc);
    value = static_cast<Enum>(number);
  }

  // A nested map that is always there.
  template <class Section>
  void section(std::string_view key, Section& value, std::string_view doc) {
    if (begin_section(key, doc)) {
      visit(value);
      end_section();
    }
  }
  // A nested map that may be absent. Present with a null value (`grpc:`) means present with
  // defaults; `enabled: false` inside is the component's own matter.
  template <class Section>
  void optional_section(std::string_view key, std::optional<Section>& value, std::string_view doc) {
    Section held = value.value_or(Section{});
    switch (begin_optional(key, value.has_value(), doc)) {
      case Presence::keep: break;
      case Presence::absent: value.reset(); break;
      case Presence::present:
        visit(held);
        end_section();
        value = std::move(held);
        break;
      case Presence::shown:
        visit(held);
        end_section();
        break;  // Documentation: default stays absent.
    }
  }
  // A list of maps. An Item with `std::string& as_text()` may also be written as a text, which lands there; empty
  // says that it is a map.
  template <class Item>
  void list(std::string_view key, std::vector<Item>& value, std::string_view doc) {
    const ListVisit visit_kind = begin_list(key, value.size(), doc);
    if (visit_kind.is_replaced) value.assign(visit_kind.count, Item{});
    std::vector<Item> sample(visit_kind.is_sampled ? 1 : 0);
    std::vector<Item>& items = visit_kind.is_sampled ? sample : value;
    for (std::size_t i = 0; visit_kind.is_visited && i < items.size(); ++i) {
      if constexpr (requires { items[i].as_text(); }) {
        if (item_text(i, items[i].as_text())) continue;
      }
      if (begin_item(i)) {
        visit(items[i]);
        end_item();
      }
    }
    end_list();
  }
  // Maps under names that the user chooses, in the order written. Written with at least one, they replace the default.
  template <class Item>
  void named_sections(std::string_view key, std::vector<std::pair<std::string, Item>>& value, std::string_view doc) {
    if (!begin_section(key, doc)) return;
    std::vector<std::string> names;
    for (const auto& [name, item] : value) names.push_back(name);
    const std::optional<std::vector<std::string>> written = names_in_section(names);
    std::vector<std::pair<std::string, Item>> items;
    for (const std::string& name : written ? *written : names) {
      Item item{};
      if (!written)
        for (const auto& [existing, held] : value)
          if (existing == name) item = held;
      if (begin_section(name, {})) {
        visit(item);
        end_section();
      }
      items.emplace_back(name, std::move(item));
    }
    end_section();
    if (written && !items.empty()) value = std::move(items);
  }
  // The fields of `value` as if they were written here.
  template <class Section>
  void squash(Section& value) {
    value.fields(*this);
    remember_validation(value);
  }

  // Accepted for compatibility and without effect; `why` is shown as a warning.
  virtual void ignored(std::string_view key, std::string_view why) = 0;
  // Upstream has it and we do not yet: an error that says so rather than "unknown key".
  virtual void unsupported(std::string_view key, std::string_view why) = 0;
  // `old_key` is another spelling of `key`.
  virtual void renamed(std::string_view old_key, std::string_view key) = 0;

 protected:
  enum class Presence : std::uint8_t { keep, absent, present, shown };
  struct ListVisit {
    bool is_visited = false, is_replaced = false, is_sampled = false;
    std::size_t count = 0;
  };

  virtual void choice_number(std::string_view key, int& value, const std::vector<Choice>& choices,
                             std::string_view doc) = 0;
  virtual bool begin_section(std::string_view key, std::string_view doc) = 0;
  // Of the section just begun: which names to visit instead of `held`, those of the value; nothing: those.
  virtual std::optional<std::vector<std::string>> names_in_section(const std::vector<std::string>& held) = 0;
  virtual Presence begin_optional(std::string_view key, bool is_present, std::string_view doc) = 0;
  virtual void end_section() = 0;
  virtual ListVisit begin_list(std::string_view key, std::size_t count, std::string_view doc) = 0;
  // True: the item is a text, and has been visited.
  virtual bool item_text(std::size_t, std::string&) { return false; }
  virtual bool begin_item(std::size_t index) = 0;
  virtual void end_item() = 0;
  virtual void end_list() = 0;
  // Called with what `validate` finds, when the visitor is one that validates.
  virtual class Validator* validator() = 0;

 private:
  template <class Section>
  void visit(Section& value) {
    value.fields(*this);
    remember_validation(value);
  }
  template <class Section>
  void remember_validation(const Section& value);
};

// Reports what is wrong with a section as a whole, at the place of the key concerned.
class Validator {
 public:
  virtual ~Validator() = default;
  // `key` relative to the section; empty: the section itself.
  virtual void error(std::string_view key, std::string message, std::string suggestion = {}) = 0;
  virtual void warning(std::string_view key, std::string message, std::string suggestion = {}) = 0;
  // At byte `offset` of the text of `key`, which may go deeper: "groups[1]::statements[0]". Where that was written
  // cannot always be told; then the place is the text's and `place_in_text` ("1:12") becomes part of the message.
  virtual void error_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                        std::string suggestion = {}) = 0;
  virtual void warning_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                          std::string suggestion = {}) = 0;
};

template <class Section>
void Fields::remember_validation(const Section& value) {
  if constexpr (requires(Validator& v) { value.validate(v); }) {
    if (Validator* found = validator()) value.validate(*found);
  }
}

// Reads `node` into a visitor that assigns fields. `path` is the configuration path of the node.
// Unknown keys, wrong types and bounds go to `diagnostics`; what could be read is assigned.
class Reader {
 public:
  Reader(const Node& node, std::string path, Diagnostics& diagnostics);
  ~Reader();
  template <class Config>
  void read(Config& value) {
    do {
      begin();
      fields().squash(value);
    } while (!end());
  }

 private:
  Fields& fields();
  void begin();
  bool end();  // False: a `renamed` came after its field; visit once more with that known.
  struct State;
  std::unique_ptr<State> state_;
};

template <class Config>
Config read(const Node& node, std::string path, Diagnostics& diagnostics) {
  Config value;
  Reader(node, std::move(path), diagnostics).read(value);
  return value;
}

// One row of a component's field table, for documentation and completeness tests.
struct FieldInfo {
  std::string path;  // "sending_queue.batch.min_size"; list items as "actions[].key".
  std::string type;  // "duration", "bool", "section", …
  std::string default_text;
  std::string doc;
  std::vector<std::string> choices;
  enum class Support : std::uint8_t { supported, ignored, unsupported, renamed } support = Support::supported;
};

class Describer {
 public:
  Describer();
  ~Describer();
  template <class Config>
  std::vector<FieldInfo> describe(Config value = {}) {
    fields().squash(value);
    return take();
  }

 private:
  Fields& fields();
  std::vector<FieldInfo> take();
  struct State;
  std::unique_ptr<State> state_;
};

// The effective values as a tree, defaults included; secrets as "[REDACTED]" unless `reveal`.
class Printer {
 public:
  explicit Printer(bool reveal_secrets);
  ~Printer();
  template <class Config>
  Node print(Config value) {
    fields().squash(value);
    return take();
  }

 private:
  Fields& fields();
  Node take();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankwire::config
