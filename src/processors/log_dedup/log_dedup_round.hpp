// The different records of one interval, as the batch they will leave in, and how often each came.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "processors/log_dedup/field_names.hpp"
#include "signal/gathered_batch.hpp"
#include "text/time_zone.hpp"

namespace rankwire::log_dedup {

// What makes records equal, and how the result is written. Outlives every round.
struct Rules {
  std::string count_attribute;
  std::shared_ptr<const text::TimeZone> zone;
  std::vector<FieldName> included;  // Empty: everything that is not excluded.
  std::vector<FieldName> excluded;
};

class LogDedupRound {
 public:
  explicit LogDedupRound(const Rules& rules) : rules_(rules) {}

  // Adds the records that `is_wanted(record)` names; how many of them had come before.
  std::uint64_t add(const ResourceGroup<LogRecord>& resource, const ScopeGroup<LogRecord>& scope,
                    const Identity& resource_id, const Identity& scope_id, const LogRecord& record,
                    std::uint64_t now_unix_nanos);

  bool empty() const { return seen_.empty(); }
  Bytes bytes() const;
  SignalBatch finish(const Clock& clock);

 private:
  struct Seen {
    GatheredBatch<LogRecord>::Place scope;
    std::uint32_t record = 0;
    std::uint64_t count = 0;
    std::uint64_t first_unix_nanos = 0, last_unix_nanos = 0;
  };

  Identity key_of(const LogRecord& record) const;

  const Rules& rules_;
  GatheredBatch<LogRecord> batch_;
  std::unordered_map<Identity, Seen> seen_;
};

}  // namespace rankwire::log_dedup
