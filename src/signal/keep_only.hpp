// Takes out of a batch what a condition does not keep. Order stays; groups that end up without records go too.
#pragma once

#include <utility>

#include "signal/batch.hpp"

namespace rankwire {

// `keep(resource, scope, record)` may change the record. Metrics are kept or taken out whole.
template <class Record, class Keep>
void keep_only(RecordBatch<Record>& batch, Keep keep) {
  std::uint32_t resources_kept = 0;
  for (ResourceGroup<Record>& resource : batch.resources) {
    std::uint32_t scopes_kept = 0;
    for (ScopeGroup<Record>& scope : resource.scopes) {
      std::uint32_t kept = 0;
      for (Record& record : scope.records) {
        if (!keep(std::as_const(resource.resource), std::as_const(scope.scope), record)) continue;
        scope.records[kept++] = record;
      }
      scope.records.truncate(kept);
      if (kept != 0) resource.scopes[scopes_kept++] = scope;
    }
    resource.scopes.truncate(scopes_kept);
    if (scopes_kept != 0) batch.resources[resources_kept++] = resource;
  }
  batch.resources.truncate(resources_kept);
}

}  // namespace rankwire
