// 128-bit digests of what makes resources, scopes and metrics equal; those of attributes do not depend on their order.
// The seed is drawn at start, so that nobody who sends data can make two different resources look equal.
#pragma once

#include <cstdint>
#include <string_view>

#include "signal/metrics.hpp"

namespace rankwire::group_by_attrs {

struct Digest {
  std::uint64_t high = 0, low = 0;

  Digest& operator+=(const Digest& other) {
    high += other.high;
    low += other.low;
    return *this;
  }
  Digest& operator-=(const Digest& other) {
    high -= other.high;
    low -= other.low;
    return *this;
  }
  bool operator==(const Digest&) const = default;
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const { return digest.low; }
};

class Digester {
 public:
  explicit Digester(std::uint64_t seed) : seed_(seed) {}

  Digest of(std::string_view key, const Value& value) const;
  Digest of(const Attributes& attributes) const;
  // Everything of a resource group but its records; attributes can be taken out and put in by their own digests.
  Digest of(const Resource& resource, std::string_view schema_url) const;
  Digest of(const Scope& scope, std::string_view schema_url) const;
  // What makes points belong to one metric: name, unit, type, temporality, monotonicity.
  Digest of(const Metric& metric) const;
  // Of something inside something else: a scope in the resource with this number.
  Digest inside(std::uint64_t outer, const Digest& inner) const;

 private:
  Digest text(std::string_view text, std::uint64_t salt) const;
  Digest of_value(const Value& value, std::uint64_t salt) const;
  Digest of_entity(const EntityRef& entity) const;

  std::uint64_t seed_;
};

}  // namespace rankwire::group_by_attrs
