// Who a resource, a scope, a metric stream or a series is: 128 bits that do not depend on the order of keys, at any
// depth. XXH3 is not cryptographic: a sender who wants two of its own series to collide can have that, and harms
// itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "signal/metrics.hpp"

namespace rankwire {

struct Identity {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

Identity identity_of(std::string_view text);
Identity identity_of(const Value& value);
Identity identity_of(const Attributes& attributes);
// By attributes alone: the counts of dropped ones, entities and the schema say nothing about who it is.
Identity identity_of(const Resource& resource);
// By name, version and attributes.
Identity identity_of(const Scope& scope);
// Of two in this order; joined(a, b) is not joined(b, a).
Identity joined(const Identity& first, const Identity& second);
// Resource and scope by their identities, then name, unit, type, temporality and whether it is monotonic.
Identity stream_identity(const Identity& resource, const Identity& scope, const Metric& metric);
// One series of a stream: also by the attributes of the point.
Identity series_identity(const Identity& stream, const Attributes& point);

}  // namespace rankwire

template <>
struct std::hash<rankwire::Identity> {
  std::size_t operator()(const rankwire::Identity& identity) const noexcept { return identity.low; }
};
