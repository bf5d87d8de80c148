// The `actions` lists of the attributes and resource processors: read from configuration, compiled
// once, applied to attribute lists in place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "signal/client.hpp"
#include "signal/value.hpp"

namespace rankwire {

enum class ActionKind : std::uint8_t { none, insert, update, upsert, remove, hash, extract, convert };

struct AttributeActionConfig {
  std::string key;
  config::Node value;
  config::Node default_value;
  std::string pattern;
  std::string from_attribute;
  std::string from_context;
  std::string converted_type;
  ActionKind action = ActionKind::none;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;

 private:
  void check_sources(config::Validator& v, bool sets) const;
};

// Thread-safe once compiled. Values it sets point into it, or into the client: both outlive the
// batches it touched.
class AttributeActions {
 public:
  static Result<AttributeActions> compile(const std::vector<AttributeActionConfig>& actions);
  AttributeActions(AttributeActions&&) noexcept;
  AttributeActions& operator=(AttributeActions&&) noexcept;
  ~AttributeActions();

  // `client` may be null: then nothing is found by `from_context`.
  void apply(Attributes& attributes, Arena& arena, const Client* client) const;
  bool empty() const;

 private:
  struct Compiled;
  explicit AttributeActions(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

// Applies `change` to one attribute list after another. Neighbouring records often share one list;
// it is then changed once and shared again.
template <class Change>
class SharedAttributesMemo {
 public:
  explicit SharedAttributesMemo(Change change) : change_(std::move(change)) {}

  void operator()(Attributes& attributes) {
    if (attributes.is_owned() || attributes.empty()) {
      change_(attributes);
      return;
    }
    if (attributes.data() != before_data_ || attributes.size() != before_size_) {
      before_data_ = attributes.data();
      before_size_ = attributes.size();
      after_ = attributes;
      change_(after_);
    }
    attributes = Attributes::shared(after_.data(), after_.size());
  }

 private:
  Change change_;
  const KeyValue* before_data_ = nullptr;
  std::uint32_t before_size_ = 0;
  Attributes after_;
};

// A configuration value as a value of telemetry, its bytes in `arena`: YAML typing decides.
Value value_of(const config::Node& node, Arena& arena);

}  // namespace rankwire
