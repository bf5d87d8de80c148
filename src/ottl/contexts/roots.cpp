// Which names a path may begin with in each context.
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {

std::span<const PathRoot> roots_of(Context context) {
  static const PathRoot all[] = {{"spanevent", span_event_fields(), true},  // 0
                                 {"span", span_fields(), true},
                                 {"scope", scope_fields(), true},  // 2
                                 {"instrumentation_scope", scope_fields(), true},
                                 {"resource", resource_fields(), true},  // 4
                                 {"otelcol", otelcol_fields()}};
  static const PathRoot log[] = {{"log", log_fields(), true}, all[2], all[3], all[4], all[5]};
  static const PathRoot data_point[] = {
      {"datapoint", data_point_fields()}, {"metric", metric_fields()}, all[2], all[3], all[4], all[5]};
  const std::span<const PathRoot> trace_roots = all, point_roots = data_point;
  switch (context) {
    case Context::resource: return trace_roots.subspan(4);
    case Context::scope: return trace_roots.subspan(2);
    case Context::span: return trace_roots.subspan(1);
    case Context::span_event: return trace_roots;
    case Context::log: return log;
    case Context::metric: return point_roots.subspan(1);
    case Context::data_point: return data_point;
  }
  return trace_roots;
}

std::string_view refusal_of_context(std::string_view name) {
  if (name.starts_with("profile")) return "profiles are not supported";
  if (name == "exemplar" || name == "spanlink") return "this context is not supported";
  return {};
}

}  // namespace rankwire::ottl
