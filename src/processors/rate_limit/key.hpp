// Which key a record belongs to, from attributes of its resource and of itself.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "signal/identity.hpp"
#include "signal/resource.hpp"

namespace rankwire::rate_limit {

class KeyReader {
 public:
  static Result<KeyReader> compile(const std::vector<std::string>& keys);

  bool needs_record() const { return !of_record_.empty(); }
  Identity of(const Resource& resource) const { return joined_of(of_resource_, resource.attributes, Identity{}); }
  // `attributes` may be null: then nothing is found in it.
  Identity of(const Identity& resource, const Attributes* attributes) const {
    return joined_of(of_record_, attributes ? *attributes : Attributes(), resource);
  }
  // For people and labels: the values, "/" between them, "-" for what is absent. At most 200 bytes.
  std::string text(const Resource& resource, const Attributes* attributes) const;

 private:
  using Names = std::vector<std::string>;
  static Identity joined_of(const Names& names, const Attributes& attributes, Identity identity);

  Names of_resource_, of_record_;
};

}  // namespace rankwire::rate_limit
