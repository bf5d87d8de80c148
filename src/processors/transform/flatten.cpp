// Copies of a resource share its attributes until one of them is changed.
#include "processors/transform/flatten.hpp"

#include <unordered_map>

#include "signal/identity.hpp"

namespace rankwire::transform {
namespace {

Attributes view_of(const Attributes& attributes) { return Attributes::shared(attributes.data(), attributes.size()); }

Identity with_rest(const Identity& identity, std::string_view schema_url, std::uint32_t dropped) {
  return joined(identity, joined(identity_of(schema_url), identity_of(Value::of(std::int64_t{dropped}))));
}

}  // namespace

void flatten(LogBatch& batch) {
  Arena& arena = batch.arena();
  List<LogResource> flat;
  flat.reserve(arena, static_cast<std::uint32_t>(batch.record_count()));
  for (const LogResource& resource : batch.resources) {
    for (const LogScope& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        LogResource& own = flat.push(arena, resource);
        own.resource.attributes = view_of(resource.resource.attributes);
        own.scopes = {};
        LogScope& own_scope = own.scopes.push(arena, scope);
        own_scope.scope.attributes = view_of(scope.scope.attributes);
        own_scope.records = {};
        own_scope.records.push(arena, record);
      }
    }
  }
  batch.resources = flat;
}

void regroup(LogBatch& batch) {
  Arena& arena = batch.arena();
  std::unordered_map<Identity, std::uint32_t> resources, scopes;  // Where each stands among those kept.
  std::uint32_t kept = 0;
  for (LogResource& group : batch.resources) {
    LogScope scope = group.scopes[0];
    const Identity resource_id =
        with_rest(identity_of(group.resource), group.schema_url, group.resource.dropped_attributes_count);
    const auto [found, is_new] = resources.try_emplace(resource_id, kept);
    if (is_new) {
      group.scopes.clear();
      batch.resources[kept++] = group;
    }
    LogResource& into = batch.resources[found->second];
    const Identity scope_id = joined(
        resource_id, with_rest(identity_of(scope.scope), scope.schema_url, scope.scope.dropped_attributes_count));
    const auto [found_scope, is_new_scope] = scopes.try_emplace(scope_id, into.scopes.size());
    if (is_new_scope)
      into.scopes.push(arena, scope);
    else
      into.scopes[found_scope->second].records.push(arena, scope.records[0]);
  }
  batch.resources.truncate(kept);
}

}  // namespace rankwire::transform
