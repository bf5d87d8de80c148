#include "processors/log_dedup/log_dedup_round.hpp"

#include <ctime>

#include "signal/deep_copy.hpp"

namespace rankwire::log_dedup {
namespace {

// RFC 3339 to the second, as the original writes it: "2026-11-23T01:02:03Z", "…-05:00".
std::string_view time_text(std::uint64_t unix_nanos, const text::TimeZone& zone, Arena& arena) {
  const auto utc = static_cast<std::int64_t>(unix_nanos / 1'000'000'000);
  std::int64_t offset = 0;
  std::string_view name;
  zone.look_up(utc, offset, name);
  const std::time_t local = utc + offset;
  std::tm parts{};
  gmtime_r(&local, &parts);
  char text[48];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  if (offset == 0) {
    text[size++] = 'Z';
  } else {
    const std::int64_t minutes = (offset < 0 ? -offset : offset) / 60;
    size +=
        static_cast<std::size_t>(std::snprintf(text + size, sizeof text - size, "%c%02d:%02d", offset < 0 ? '-' : '+',
                                               static_cast<int>(minutes / 60 % 24), static_cast<int>(minutes % 60)));
  }
  return arena.copy({text, size});
}

}  // namespace

Identity LogDedupRound::key_of(const LogRecord& record) const {
  if (!rules_.included.empty()) {
    Identity key{};
    for (const FieldName& field : rules_.included) {
      const Value* value = find(record, field);
      key = joined(key, identity_of(value != nullptr ? *value : Value()));
    }
    return key;
  }
  const Identity contents = joined(identity_of(record.body), identity_of(record.attributes));
  const Identity severity =
      joined(identity_of(record.severity_text), identity_of(Value::of(std::int64_t{record.severity_number})));
  return joined(contents, severity);
}

std::uint64_t LogDedupRound::add(const ResourceGroup<LogRecord>& resource, const ScopeGroup<LogRecord>& scope,
                                 const Identity& resource_id, const Identity& scope_id, const LogRecord& record,
                                 std::uint64_t now_unix_nanos) {
  LogRecord kept = record;
  // What is excluded goes before records are compared; a copy is made only if there is something to remove.
  for (const FieldName& field : rules_.excluded) remove(kept, field, batch_.arena());
  const Identity key = joined(joined(resource_id, scope_id), key_of(kept));
  const auto [at, is_new] = seen_.try_emplace(key);
  Seen& seen = at->second;
  ++seen.count;
  seen.last_unix_nanos = now_unix_nanos;
  if (!is_new) return 1;
  seen.first_unix_nanos = now_unix_nanos;
  seen.scope = batch_.place_of(resource, resource_id, scope, scope_id);
  auto& records = batch_.records_at(seen.scope);
  seen.record = records.size();
  records.push(batch_.arena(), deep_copy(kept, batch_.arena()));
  return 0;
}

Bytes LogDedupRound::bytes() const {
  return batch_.bytes() + Bytes{seen_.size() * GatheredBatch<LogRecord>::entry_bytes<Seen>};
}

SignalBatch LogDedupRound::finish(const Clock& clock) {
  Arena& arena = batch_.arena();
  const std::uint64_t now = clock.unix_nanos();
  const std::string_view count_attribute = arena.copy(rules_.count_attribute);
  for (const auto& [key, seen] : seen_) {
    LogRecord& record = batch_.records_at(seen.scope)[seen.record];
    record.time_unix_nanos = record.observed_time_unix_nanos = now;
    set(record.attributes, arena, count_attribute, Value::of(static_cast<std::int64_t>(seen.count)));
    set(record.attributes, arena, "first_observed_timestamp",
        Value::of(time_text(seen.first_unix_nanos, *rules_.zone, arena)));
    set(record.attributes, arena, "last_observed_timestamp",
        Value::of(time_text(seen.last_unix_nanos, *rules_.zone, arena)));
  }
  return batch_.take();
}

}  // namespace rankwire::log_dedup
