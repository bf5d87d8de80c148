#include "processors/group_by_attrs/digest.hpp"

#include <xxhash.h>

#include <bit>

namespace rankwire::group_by_attrs {
namespace {

// Tell apart what would otherwise be the same text in another role.
enum Salt : std::uint64_t {
  schema_salt = 1,
  name_salt,
  version_salt,
  unit_salt,
  entity_salt,
  id_salt,
  description_salt
};

Digest digest_of(const void* bytes, std::size_t size, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
  return {hash.high64, hash.low64};
}

}  // namespace

Digest Digester::text(std::string_view text, std::uint64_t salt) const {
  return digest_of(text.data(), text.size(), seed_ + salt);
}

Digest Digester::inside(std::uint64_t outer, const Digest& inner) const {
  const std::uint64_t parts[] = {outer, inner.high, inner.low};
  return digest_of(parts, sizeof parts, seed_);
}

Digest Digester::of_value(const Value& value, std::uint64_t salt) const {
  salt = salt * 31 + static_cast<std::uint64_t>(value.type());
  switch (value.type()) {
    case ValueType::empty: return text({}, salt);
    case ValueType::text:
    case ValueType::bytes: return text(value.text(), salt);
    case ValueType::boolean: return inside(salt, {0, value.boolean() ? 1U : 0U});
    case ValueType::integer: return inside(salt, {0, static_cast<std::uint64_t>(value.integer())});
    case ValueType::real: return inside(salt, {0, std::bit_cast<std::uint64_t>(value.real())});
    case ValueType::map: return inside(salt, of(value.entries()));
    case ValueType::array: {
      Digest all;
      const List<Value> items = value.items();
      for (std::uint32_t i = 0; i < items.size(); ++i) all += inside(i, of_value(items[i], salt));
      return inside(salt, all);
    }
  }
  return {};
}

Digest Digester::of(std::string_view key, const Value& value) const {
  return of_value(value, text(key, name_salt).low);
}

Digest Digester::of(const Attributes& attributes) const {
  Digest all;
  for (const KeyValue& entry : attributes) all += of(entry.key, entry.value);
  return all;
}

Digest Digester::of_entity(const EntityRef& entity) const {
  Digest all = text(entity.schema_url, schema_salt);
  all += text(entity.type, name_salt);
  for (const std::string_view key : entity.id_keys) all += text(key, id_salt);
  for (const std::string_view key : entity.description_keys) all += text(key, description_salt);
  return inside(entity_salt, all);
}

Digest Digester::of(const Resource& resource, std::string_view schema_url) const {
  Digest all = text(schema_url, schema_salt);
  for (const EntityRef& entity : resource.entities) all += of_entity(entity);
  return all += of(resource.attributes);
}

Digest Digester::of(const Scope& scope, std::string_view schema_url) const {
  Digest all = text(schema_url, schema_salt);
  all += text(scope.name, name_salt);
  all += text(scope.version, version_salt);
  return all += inside(name_salt, of(scope.attributes));
}

Digest Digester::of(const Metric& metric) const {
  Digest all = text(metric.name, name_salt);
  all += text(metric.unit, unit_salt);
  const auto kind = static_cast<std::uint64_t>(metric.type) << 16 |
                    static_cast<std::uint64_t>(metric.temporality) << 8 | (metric.is_monotonic ? 1U : 0U);
  return inside(kind, all);
}

}  // namespace rankwire::group_by_attrs
