#include "receivers/k8s_events/event_record.hpp"

#include <charconv>

#include "kubernetes/pod.hpp"
#include "text/timestamp.hpp"

namespace rankwire::k8s_events {
namespace {

using kubernetes::at;
using kubernetes::text_at;

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/k8seventsreceiver";

struct Severity {
  std::string_view type;  // In lower case.
  std::uint32_t number;
};

constexpr Severity severities[] = {{"normal", 9}, {"warning", 13}, {"error", 17}, {"critical", 21}};

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

// Go's way to print a time: "2026-01-02 03:04:05 +0000 UTC".
std::string go_time(std::string_view rfc3339) {
  if (rfc3339.empty()) return "0001-01-01 00:00:00 +0000 UTC";
  std::string text(rfc3339);
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return text;
  text[10] = ' ';
  text.pop_back();
  return text + " +0000 UTC";
}

class TextWriter {
 public:
  TextWriter(Attributes& to, Arena& arena) : to_(to), arena_(arena) {}
  // Also where it is empty.
  void add(std::string_view key, std::string_view text) { to_.push(arena_, {key, Value::of(arena_.copy(text))}); }

 private:
  Attributes& to_;
  Arena& arena_;
};

}  // namespace

std::uint64_t time_of(const Value& event) {
  std::uint64_t time = 0;
  for (const std::string_view key : {"eventTime", "lastTimestamp", "firstTimestamp"})
    if (text::Rfc3339Reader().read(text_at(event, {key}), time)) return time;
  return 0;
}

std::uint64_t version_of(std::string_view resource_version) {
  std::uint64_t version = 0;
  const char* const end = resource_version.data() + resource_version.size();
  const auto [stopped, problem] = std::from_chars(resource_version.data(), end, version);
  return problem == std::errc() && stopped == end ? version : 0;
}

LogBatch batch_of(const Value& event) {
  LogBatch batch;
  Arena& arena = batch.arena();
  LogResource& resource = batch.resources.add(arena);
  TextWriter about(resource.resource.attributes, arena);
  about.add("k8s.node.name", text_at(event, {"source", "host"}));
  about.add("k8s.object.kind", text_at(event, {"involvedObject", "kind"}));
  about.add("k8s.object.name", text_at(event, {"involvedObject", "name"}));
  about.add("k8s.object.uid", text_at(event, {"involvedObject", "uid"}));
  about.add("k8s.object.fieldpath", text_at(event, {"involvedObject", "fieldPath"}));
  about.add("k8s.object.api_version", text_at(event, {"involvedObject", "apiVersion"}));
  about.add("k8s.object.resource_version", text_at(event, {"involvedObject", "resourceVersion"}));
  LogScope& scope = resource.scopes.add(arena);
  scope.scope.name = scope_name;
  LogRecord& record = scope.records.add(arena);
  record.time_unix_nanos = time_of(event);
  record.body = Value::of(arena.copy(text_at(event, {"message"})));
  const std::string_view type = text_at(event, {"type"});
  for (const Severity& severity : severities) {
    if (lower(type) != severity.type) continue;
    record.severity_number = severity.number;
    record.severity_text = arena.copy(type);
  }
  TextWriter of_event(record.attributes, arena);
  of_event.add("k8s.event.reason", text_at(event, {"reason"}));
  of_event.add("k8s.event.action", text_at(event, {"action"}));
  of_event.add("k8s.event.start_time", go_time(text_at(event, {"metadata", "creationTimestamp"})));
  of_event.add("k8s.event.name", text_at(event, {"metadata", "name"}));
  of_event.add("k8s.event.uid", text_at(event, {"metadata", "uid"}));
  of_event.add("k8s.namespace.name", text_at(event, {"involvedObject", "namespace"}));
  const Value* count = at(event, {"count"});
  if (count != nullptr && count->type() == ValueType::integer && count->integer() != 0)
    record.attributes.push(arena, {"k8s.event.count", *count});
  return batch;
}

}  // namespace rankwire::k8s_events
