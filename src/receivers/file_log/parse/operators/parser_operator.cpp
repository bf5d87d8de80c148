#include "receivers/file_log/parse/operators/parser_operator.hpp"

namespace rankwire::file_log {

void ParserSettings::fields(config::Fields& f) {
  TransformerSettings::fields(f);
  f.field("parse_from", parse_from, "Field with the text; the body by default.");
  f.field("parse_to", parse_to, "Field for the result; attributes by default.");
  f.field("body", body, "Field of the result that becomes the body.");
  f.optional_section("timestamp", timestamp, "Take the time from a field of the result.");
  f.optional_section("severity", severity, "Take the severity from a field of the result.");
  f.optional_section("trace", trace, "Take trace and span id from fields of the result.");
  f.optional_section("scope_name", scope_name, "Take the scope name from a field of the result.");
}

void ParserOperator::configure(const ParserSettings& settings, const OperatorSource& source) {
  from_ = source.field("parse_from", settings.parse_from);
  to_ = source.field("parse_to", settings.parse_to, to_);
  if (!settings.body.empty()) body_ = source.field("body", settings.body);
  if (settings.timestamp.has_value()) time_ = TimeStage::make(*settings.timestamp, source.section("timestamp"));
  if (settings.severity.has_value()) severity_ = SeverityStage::make(*settings.severity, source.section("severity"));
  if (settings.trace.has_value()) trace_ = TraceStage::make(*settings.trace, source.section("trace"));
  if (settings.scope_name.has_value())
    scope_name_ = source.section("scope_name").required_field("parse_from", settings.scope_name->parse_from);
}

const char* ParserOperator::transform(Entry& entry, Run& run) const {
  Value from, to;
  if (!from_.get(entry, from)) return "the field to parse is not there";
  if (const char* why = parse(from, entry, run, to)) return why;
  if (!to_.set(entry, run.arena(), to)) return "only a map can become attributes";
  if (body_.has_value()) {
    Value body;
    if (!body_->get(entry, body)) return "the body's field is not there";
    entry.record.body = body;
  }
  const char* why = nullptr;
  if (time_.has_value()) why = time_->apply(entry, run);
  if (severity_.has_value())
    if (const char* other = severity_->apply(entry, run)) why = other;
  if (trace_.has_value())
    if (const char* other = trace_->apply(entry)) why = other;
  if (scope_name_.has_value()) {
    Value name;
    if (!scope_name_->get(entry, name) || !name.is_text()) return "the scope name's field is not there";
    entry.scope_name = name.text();
  }
  return why;
}

}  // namespace rankwire::file_log
