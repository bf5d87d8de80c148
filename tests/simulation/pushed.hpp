// Requests of every signal around the same texts: the body of a log record, an attribute of a data
// point or span. The text holds the record's id. What else is in them is there for what processors
// and connectors do: kinds of metrics, services, trace ids that a sampler halves.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "ledger.hpp"
#include "signal/batch.hpp"

namespace rankwire::simulation {

struct PushedRequest {
  Signal signal = Signal::logs;
  std::string source;
  std::uint64_t first_number = 0;  // Of the first text; the others follow.
  std::vector<std::string> texts;
  std::uint64_t unix_nanos = 0;
  bool has_only_deltas = false;  // Metrics whose points may be added up.
};

// An OTLP request with one record for each text, and, of metrics, one more: the cumulative sum `progress.SOURCE`,
// whose value is the last number. All other points have the value 1.
std::string encode_request(const PushedRequest& pushed);
inline constexpr std::string_view progress_prefix = "progress.", counted_prefix = "step";

// What is to be seen of a record in a request.
struct SeenRecord {
  std::string_view text;       // Empty where it has none.
  std::string_view metric;     // The name; points only.
  double value = 1;            // Of points; of log records `log_count`, if they have that.
  bool is_cumulative = false;  // Points only.
  std::string series;          // Of cumulative points without a text: which it is.
};
Result<void> each_record(Signal signal, std::string_view request, const std::function<void(const SeenRecord&)>& visit);

// How ids of senders of the signal begin; files have 'f'.
char mark_of(Signal signal);
Signal signal_of(const RecordId& id);
bool is_pushed(const std::string& source);

}  // namespace rankwire::simulation
