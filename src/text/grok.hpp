// Grok: regular expressions put together from named ones, "%{IP:client.ip} %{INT:status:int}".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signal/value.hpp"
#include "text/pattern.hpp"

namespace rankwire::text {

// The definition of "HTTPDATE" and its like; empty: there is none of this name.
std::string grok_definition(std::string_view name);

// Thread-safe once compiled.
class Grok {
 public:
  struct Definition {
    std::string name, expression;
  };
  // `definitions` come before those that everybody has. Without `only_named`, what has no name of its own is a field
  // under its pattern's name.
  static Result<Grok> compile(std::string_view pattern, bool only_named, const std::vector<Definition>& definitions);

  bool has_fields() const { return !fields_.empty(); }
  // False: a field could not be read as the type it is given. No match is no fields; an empty field is none.
  // Keys are views of this object unless `copies_names`.
  bool read(std::string_view text, bool copies_names, Arena& arena, List<KeyValue>& to) const;

 private:
  enum class FieldType : std::uint8_t { text, integer, real, boolean };
  struct Field {
    std::size_t group = 0;
    std::string name;
    FieldType type = FieldType::text;
  };
  class Expander;

  Grok(Pattern pattern, std::vector<Field> fields) : pattern_(std::move(pattern)), fields_(std::move(fields)) {}
  static bool convert(std::string_view text, FieldType type, Value& value);

  Pattern pattern_;
  std::vector<Field> fields_;
};

}  // namespace rankwire::text
