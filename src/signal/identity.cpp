#include "signal/identity.hpp"

#include <xxhash.h>

namespace rankwire {
namespace {

Identity from(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }

Identity of_words(const std::uint64_t* words, std::size_t count) {
  return from(XXH3_128bits(words, count * sizeof(std::uint64_t)));
}

std::uint64_t bits_of(double number) {
  if (number == 0) number = 0;  // -0.0 is the same value.
  std::uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

// What is equal in any order: a sum.
void add(Identity& sum, const Identity& one) {
  sum.low += one.low;
  sum.high += one.high;
}

Identity tagged(ValueType type, std::uint64_t low, std::uint64_t high) {
  const std::uint64_t words[] = {static_cast<std::uint64_t>(type), low, high};
  return of_words(words, 3);
}

Identity tagged(ValueType type, const Identity& content) { return tagged(type, content.low, content.high); }

}  // namespace

Identity identity_of(std::string_view text) { return from(XXH3_128bits(text.data(), text.size())); }

Identity identity_of(const Value& value) {
  const ValueType type = value.type();
  switch (type) {
    case ValueType::empty: break;
    case ValueType::text:
    case ValueType::bytes: return tagged(type, identity_of(value.text()));
    case ValueType::boolean: return tagged(type, value.boolean() ? 1 : 0, 0);
    case ValueType::integer: return tagged(type, static_cast<std::uint64_t>(value.integer()), 0);
    case ValueType::real: return tagged(type, bits_of(value.real()), 0);
    case ValueType::map: return tagged(type, identity_of(value.entries()));
    case ValueType::array: {
      Identity all{value.items().size(), 0};
      for (const Value& item : value.items()) all = joined(all, identity_of(item));
      return tagged(type, all);
    }
  }
  return tagged(type, 0, 0);
}

Identity identity_of(const Attributes& attributes) {
  Identity sum{attributes.size(), 0};
  for (const KeyValue& entry : attributes) add(sum, joined(identity_of(entry.key), identity_of(entry.value)));
  return sum;
}

Identity identity_of(const Resource& resource) { return identity_of(resource.attributes); }

Identity identity_of(const Scope& scope) {
  return joined(joined(identity_of(scope.name), identity_of(scope.version)), identity_of(scope.attributes));
}

Identity joined(const Identity& first, const Identity& second) {
  const std::uint64_t words[] = {first.low, first.high, second.low, second.high};
  return of_words(words, 4);
}

Identity stream_identity(const Identity& resource, const Identity& scope, const Metric& metric) {
  const Identity name = identity_of(metric.name), unit = identity_of(metric.unit);
  const std::uint64_t kind = static_cast<std::uint64_t>(metric.type) |
                             static_cast<std::uint64_t>(metric.temporality) << 8 |
                             static_cast<std::uint64_t>(metric.is_monotonic) << 16;
  const std::uint64_t words[] = {resource.low, resource.high, scope.low, scope.high, name.low,
                                 name.high,    unit.low,      unit.high, kind};
  return of_words(words, 9);
}

Identity series_identity(const Identity& stream, const Attributes& point) { return joined(stream, identity_of(point)); }

}  // namespace rankwire
