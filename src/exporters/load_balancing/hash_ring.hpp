// Which of several destinations a key belongs to: consistent hashing, so that a change of the destinations moves few
// keys. The places are those of otelcol's loadbalancingexporter (CRC-32 of the endpoint and a byte, 100 for each
// endpoint, on a circle of 36,000): agents of both kinds in front of the same gateways agree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rankwire::load_balancing {

class HashRing {
 public:
  // At least one endpoint, sorted: of two that want the same place the first has it.
  explicit HashRing(const std::vector<std::string>& endpoints);

  // Number of the endpoint; not one that is away, unless all are. `is_away` by number of the endpoint.
  std::size_t find(std::string_view key, const std::vector<bool>& is_away) const;

 private:
  struct Place {
    std::uint32_t position;
    std::uint32_t endpoint;
  };

  std::vector<Place> places_;  // By position.
};

}  // namespace rankwire::load_balancing
