// Fields of records as the configuration names them: body.a.b, attributes.c; a dot in a name is written \. there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "signal/logs.hpp"

namespace rankwire::log_dedup {

struct FieldName {
  bool is_body = false;  // Else an attribute.
  std::vector<std::string> keys;

  // Nothing: neither body.… nor attributes.…
  static std::optional<FieldName> parse(std::string_view text);
};

// Null if the record has none.
const Value* find(const LogRecord& record, const FieldName& field);
void remove(LogRecord& record, const FieldName& field, Arena& arena);

}  // namespace rankwire::log_dedup
