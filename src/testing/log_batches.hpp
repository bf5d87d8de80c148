// Small log batches for tests, and their contents as plain text.
#pragma once

#include <string>
#include <vector>

#include "signal/batch.hpp"

namespace rankwire::testing {

// One resource, one scope, one record per body.
inline LogBatch log_batch(const std::vector<std::string>& bodies) {
  LogBatch batch;
  Arena& arena = batch.arena();
  LogResource& resource = batch.resources.push(arena, {});
  LogScope& scope = resource.scopes.push(arena, {});
  for (const std::string& body : bodies) {
    LogRecord record;
    record.body = Value::of(arena.copy(body));
    scope.records.push(arena, record);
  }
  return batch;
}

inline LogRecord& record_at(LogBatch& batch, std::uint32_t index) {
  return batch.resources[0].scopes[0].records[index];
}

inline std::string text_of(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return "<empty>";
    case ValueType::text: return std::string(value.text());
    case ValueType::bytes: return "bytes:" + std::string(value.text());
    case ValueType::boolean: return value.boolean() ? "true" : "false";
    case ValueType::integer: return std::to_string(value.integer());
    case ValueType::real: return std::to_string(value.real());
    case ValueType::array: {
      std::string out;
      for (const Value& item : value.items()) out += (out.empty() ? "" : ",") + text_of(item);
      return "[" + out + "]";
    }
    case ValueType::map: {
      std::string out;
      for (const KeyValue& entry : value.entries())
        out += (out.empty() ? "" : ",") + std::string(entry.key) + "=" + text_of(entry.value);
      return "{" + out + "}";
    }
  }
  return {};
}

inline std::string text_of(const Attributes& attributes) { return text_of(Value::of(attributes)); }

inline std::vector<std::string> bodies_of(const LogBatch& batch) {
  std::vector<std::string> bodies;
  for (const LogResource& resource : batch.resources)
    for (const LogScope& scope : resource.scopes)
      for (const LogRecord& record : scope.records) bodies.push_back(text_of(record.body));
  return bodies;
}

}  // namespace rankwire::testing
