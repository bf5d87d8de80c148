#include "receivers/statsd/events.hpp"

namespace rankwire::statsd {
namespace {

constexpr std::uint64_t nanos_per_second = 1'000'000'000;
constexpr std::uint32_t info = 9, warning = 13, error = 17;

Value text_value(Arena& arena, std::string_view text) { return Value::of(arena.copy(text)); }

// "\n" as two characters is a line feed.
std::string_view unescaped(std::string_view text, Arena& arena) {
  if (text.find("\\n") == std::string_view::npos) return arena.copy(text);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_feed = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    plain += is_feed ? '\n' : text[i];
    i += is_feed ? 1 : 0;
  }
  return arena.copy(plain);
}

LogRecord& add_record(LogBatch& to, const Sender& sender) {
  Arena& arena = to.arena();
  // A sender has its records in a row, mostly.
  if (!to.resources.empty() && sender.container.empty() && to.resources.back().resource.attributes.empty())
    return to.resources.back().scopes.back().records.add(arena);
  LogResource& resource = to.resources.add(arena);
  if (!sender.container.empty())
    set(resource.resource.attributes, arena, "container.id", text_value(arena, sender.container));
  return resource.scopes.add(arena).records.add(arena);
}

void add_extras(LogRecord& record, const LineExtras& extras, std::string_view hostname, std::uint64_t now,
                Arena& arena) {
  record.observed_time_unix_nanos = now;
  record.time_unix_nanos = extras.unix_seconds != 0 ? extras.unix_seconds * nanos_per_second : now;
  std::string_view tags = extras.tags;
  Tag tag;
  while (take_tag(tags, tag))
    if (!tag.key.empty()) set(record.attributes, arena, arena.copy(tag.key), text_value(arena, tag.value));
  if (!hostname.empty()) set(record.attributes, arena, "host.name", text_value(arena, hostname));
  std::string_view container = extras.container;
  if (container.starts_with("ci-")) container.remove_prefix(3);
  if (!container.empty() && !container.starts_with("in-"))
    set(record.attributes, arena, "container.id", text_value(arena, container));
}

void add_text(LogRecord& record, Arena& arena, std::string_view key, std::string_view text) {
  if (!text.empty()) set(record.attributes, arena, key, text_value(arena, text));
}

LineProblem append(const EventLine& event, const Sender& sender, std::uint64_t now, LogBatch& to) {
  Arena& arena = to.arena();
  LogRecord& record = add_record(to, sender);
  record.event_name = "dogstatsd.event";
  const bool is_error = event.alert_type == "error";
  record.severity_number = is_error ? error : event.alert_type == "warning" ? warning : info;
  record.severity_text = arena.copy(event.alert_type);
  record.body = Value::of(unescaped(event.text, arena));
  set(record.attributes, arena, "event.title", Value::of(unescaped(event.title, arena)));
  add_text(record, arena, "event.aggregation_key", event.aggregation_key);
  add_text(record, arena, "event.priority", event.priority);
  add_text(record, arena, "event.source_type", event.source_type);
  add_extras(record, event, event.hostname, now, arena);
  return LineProblem::none;
}

LineProblem append(const ServiceCheckLine& check, const Sender& sender, std::uint64_t now, LogBatch& to) {
  static constexpr const char* names[] = {"ok", "warning", "critical", "unknown"};
  static constexpr std::uint32_t severities[] = {info, warning, error, warning};
  Arena& arena = to.arena();
  LogRecord& record = add_record(to, sender);
  record.event_name = "dogstatsd.service_check";
  record.severity_number = severities[check.status];
  record.severity_text = names[check.status];
  record.body = Value::of(unescaped(check.message, arena));
  set(record.attributes, arena, "service_check.name", text_value(arena, check.name));
  set(record.attributes, arena, "service_check.status", Value::of(names[check.status]));
  add_extras(record, check, check.hostname, now, arena);
  return LineProblem::none;
}

}  // namespace

LineProblem append_event(std::string_view line, const Sender& sender, std::uint64_t now, LogBatch& to) {
  if (kind_of(line) == LineKind::event) {
    EventLine event;
    const LineProblem problem = read_event(line, event);
    return problem != LineProblem::none ? problem : append(event, sender, now, to);
  }
  ServiceCheckLine check;
  const LineProblem problem = read_service_check(line, check);
  return problem != LineProblem::none ? problem : append(check, sender, now, to);
}

}  // namespace rankwire::statsd
