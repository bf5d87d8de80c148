// Any JSON object as an event of Kubernetes: made into a log record.
#include "receivers/k8s_events/event_record.hpp"
#include "text/json_value.hpp"

using namespace rankwire;
using namespace rankwire::k8s_events;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)version_of(bytes);
  Arena arena;
  Value event;
  if (!text::read_json_object(bytes, text::NumberForm::integer_where_exact, arena, event)) return 0;
  const LogBatch batch = batch_of(event);
  if (batch.record_count() != 1) __builtin_trap();
  const LogRecord& record = batch.resources[0].scopes[0].records[0];
  if (record.time_unix_nanos != time_of(event) || !record.body.is_text()) __builtin_trap();
  if ((record.severity_number == 0) != record.severity_text.empty()) __builtin_trap();
  return 0;
}
