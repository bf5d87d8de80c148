// Where in an entry a value lies: body, attributes["k8s.x"], resource.name, body.a.b.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "receivers/file_log/parse/entry.hpp"

namespace rankwire::file_log {

class FieldPath {
 public:
  enum class Root : std::uint8_t { body, attributes, resource };

  FieldPath() = default;  // The body.
  explicit FieldPath(Root root) : root_(root) {}
  static Result<FieldPath> parse(std::string_view text);

  Root root() const { return root_; }
  bool is_root() const { return keys_.empty(); }
  const std::vector<std::string>& keys() const { return keys_; }
  FieldPath child(std::string key) const;
  bool operator==(const FieldPath&) const = default;

  // False: there is nothing there.
  bool get(const Entry& entry, Value& value) const;
  // Makes the maps on the way. A map is merged into a map that is there, as upstream does. False:
  // attributes and resource themselves can only be maps. `value` must outlive the batch.
  bool set(Entry& entry, Arena& arena, Value value) const;
  // Takes the value out; false: there was none.
  bool take(Entry& entry, Arena& arena, Value& value) const;

 private:
  Root root_ = Root::body;
  std::vector<std::string> keys_;
};

}  // namespace rankwire::file_log
