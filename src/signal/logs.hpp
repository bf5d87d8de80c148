// Log records in memory. Field meanings are OTLP's (opentelemetry.proto.logs.v1).
#pragma once

#include "signal/resource.hpp"

namespace rankwire {

struct LogRecord {
  std::uint64_t time_unix_nanos = 0;
  std::uint64_t observed_time_unix_nanos = 0;
  std::uint32_t severity_number = 0;  // 0 unset, 1 TRACE … 24 FATAL4.
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view severity_text;
  Value body;
  Attributes attributes;
  TraceId trace_id;
  SpanId span_id;
  std::string_view event_name;
};

using LogScope = ScopeGroup<LogRecord>;
using LogResource = ResourceGroup<LogRecord>;

}  // namespace rankwire
