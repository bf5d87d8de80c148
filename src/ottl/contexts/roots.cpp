// Which names a path may begin with in each context.
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {

std::span<const PathRoot> roots_of(Context context) {
  static const PathRoot resource[] = {{"resource", resource_fields()}};
  static const PathRoot scope[] = {
      {"scope", scope_fields()}, {"instrumentation_scope", scope_fields()}, {"resource", resource_fields()}};
  static const PathRoot log[] = {{"log", log_fields()},
                                 {"scope", scope_fields()},
                                 {"instrumentation_scope", scope_fields()},
                                 {"resource", resource_fields()}};
  switch (context) {
    case Context::resource: return resource;
    case Context::scope: return scope;
    case Context::log: return log;
    default: return resource;
  }
}

}  // namespace rankwire::ottl
