// What all parsers have in common: a text comes from one field, values go to another, and then
// timestamp, severity, trace and scope name may be taken from them.
#pragma once

#include <optional>
#include <string>

#include "receivers/file_log/parse/operators/stages.hpp"

namespace rankwire::file_log {

struct ParserSettings : TransformerSettings {
  std::string parse_from;
  std::string parse_to;
  std::string body;
  std::optional<TimeSettings> timestamp;
  std::optional<SeveritySettings> severity;
  std::optional<TraceSettings> trace;
  std::optional<TracePartSettings> scope_name;

  void fields(config::Fields& f);
};

class ParserOperator : public Transformer {
 public:
  // Problems go to the source's diagnostics.
  void configure(const ParserSettings& settings, const OperatorSource& source);

 protected:
  const char* transform(Entry& entry, Run& run) const final;
  // A map or list from `text`. Null or what went wrong.
  virtual const char* parse(const Value& from, const Entry& entry, Run& run, Value& to) const = 0;

 private:
  FieldPath from_;
  FieldPath to_ = FieldPath(FieldPath::Root::attributes);
  std::optional<FieldPath> body_;
  std::optional<TimeStage> time_;
  std::optional<SeverityStage> severity_;
  std::optional<TraceStage> trace_;
  std::optional<FieldPath> scope_name_;
};

}  // namespace rankwire::file_log
