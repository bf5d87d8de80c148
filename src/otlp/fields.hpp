// Field numbers of opentelemetry/proto/*/v1, as facts; the names are those of our own structs.
// Groups of all three signals share their numbers: resource 1, scopes 2, schema 3 and so on.
#pragma once

#include <cstdint>

namespace rankwire::otlp::field {

using Number = std::uint32_t;

namespace request {
inline constexpr Number resources = 1;
}
namespace response {
inline constexpr Number partial_success = 1, rejected = 1, message = 2;
}
namespace resource_group {
inline constexpr Number resource = 1, scopes = 2, schema_url = 3;
}
namespace scope_group {
inline constexpr Number scope = 1, records = 2, schema_url = 3;
}
namespace resource {
inline constexpr Number attributes = 1, dropped_attributes = 2, entities = 3;
}
namespace entity {
inline constexpr Number schema_url = 1, type = 2, id_keys = 3, description_keys = 4;
}
namespace scope {
inline constexpr Number name = 1, version = 2, attributes = 3, dropped_attributes = 4;
}
namespace value {
inline constexpr Number text = 1, boolean = 2, integer = 3, real = 4, array = 5, map = 6, bytes = 7;
}
namespace list {  // Of both ArrayValue and KeyValueList.
inline constexpr Number items = 1;
}
namespace key_value {
inline constexpr Number key = 1, value = 2;
}

namespace log_record {
inline constexpr Number time = 1, severity_number = 2, severity_text = 3, body = 5, attributes = 6,
                        dropped_attributes = 7, flags = 8, trace_id = 9, span_id = 10, observed_time = 11,
                        event_name = 12;
}

namespace span {
inline constexpr Number trace_id = 1, span_id = 2, trace_state = 3, parent_span_id = 4, name = 5, kind = 6,
                        start_time = 7, end_time = 8, attributes = 9, dropped_attributes = 10, events = 11,
                        dropped_events = 12, links = 13, dropped_links = 14, status = 15, flags = 16;
}
namespace event {
inline constexpr Number time = 1, name = 2, attributes = 3, dropped_attributes = 4;
}
namespace link {
inline constexpr Number trace_id = 1, span_id = 2, trace_state = 3, attributes = 4, dropped_attributes = 5, flags = 6;
}
namespace status {
inline constexpr Number message = 2, code = 3;
}

namespace metric {
inline constexpr Number name = 1, description = 2, unit = 3, gauge = 5, sum = 7, histogram = 9,
                        exponential_histogram = 10, summary = 11, metadata = 12;
}
namespace data {  // Of the messages gauge, sum, histogram, exponential histogram and summary.
inline constexpr Number points = 1, temporality = 2, is_monotonic = 3;
}
namespace number_point {
inline constexpr Number start_time = 2, time = 3, real = 4, exemplars = 5, integer = 6, attributes = 7, flags = 8;
}
namespace histogram_point {
inline constexpr Number start_time = 2, time = 3, count = 4, sum = 5, bucket_counts = 6, explicit_bounds = 7,
                        exemplars = 8, attributes = 9, flags = 10, min = 11, max = 12;
}
namespace exponential_point {
inline constexpr Number attributes = 1, start_time = 2, time = 3, count = 4, sum = 5, scale = 6, zero_count = 7,
                        positive = 8, negative = 9, flags = 10, exemplars = 11, min = 12, max = 13, zero_threshold = 14;
}
namespace buckets {
inline constexpr Number offset = 1, counts = 2;
}
namespace summary_point {
inline constexpr Number start_time = 2, time = 3, count = 4, sum = 5, quantiles = 6, attributes = 7, flags = 8;
}
namespace quantile {
inline constexpr Number quantile = 1, value = 2;
}
namespace exemplar {
inline constexpr Number time = 2, real = 3, span_id = 4, trace_id = 5, integer = 6, filtered_attributes = 7;
}

}  // namespace rankwire::otlp::field
