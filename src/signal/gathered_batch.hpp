// Records of many batches put together by who their resources and scopes are. Every byte of it is its own.
#pragma once

#include <unordered_map>

#include "signal/batch.hpp"
#include "signal/deep_copy.hpp"
#include "signal/identity.hpp"

namespace rankwire {

template <class Record>
class GatheredBatch {
 public:
  // Where the records of one scope of one resource are.
  struct Place {
    std::uint32_t resource = 0, scope = 0;
  };

  // Of a scope with this identity in a resource with that one; the first of each kind is copied.
  Place place_of(const ResourceGroup<Record>& resource, const Identity& resource_id, const ScopeGroup<Record>& scope,
                 const Identity& scope_id) {
    const auto [resource_at, is_new_resource] = resources_.try_emplace(resource_id, batch_.resources.size());
    if (is_new_resource) {
      auto& added = batch_.resources.add(arena());
      added.resource = deep_copy(resource.resource, arena());
      added.schema_url = arena().copy(resource.schema_url);
    }
    auto& scopes = batch_.resources[resource_at->second].scopes;
    const auto [scope_at, is_new_scope] = scopes_.try_emplace(joined(resource_id, scope_id), scopes.size());
    if (is_new_scope) {
      auto& added = scopes.add(arena());
      added.scope = deep_copy(scope.scope, arena());
      added.schema_url = arena().copy(scope.schema_url);
    }
    return {resource_at->second, scope_at->second};
  }
  // What is added must lie in the arena.
  List<Record>& records_at(Place place) { return batch_.resources[place.resource].scopes[place.scope].records; }
  Arena& arena() { return batch_.arena(); }

  // With the tables that find the places.
  Bytes bytes() const {
    return batch_.memory_bytes() + Bytes{(resources_.size() + scopes_.size()) * entry_bytes<std::uint32_t>};
  }
  // Of an entry in a table by identity: its node, the hash and a slot.
  template <class Mapped>
  static constexpr std::uint64_t entry_bytes = sizeof(Identity) + sizeof(Mapped) + 4 * sizeof(void*);

  // Nothing may be added afterwards.
  RecordBatch<Record> take() { return std::move(batch_); }

 private:
  RecordBatch<Record> batch_;
  std::unordered_map<Identity, std::uint32_t> resources_, scopes_;
};

}  // namespace rankwire
