// The destinations of one moment, and how each of them is.
#pragma once

#include <atomic>
#include <memory>

#include "component/otlp_grpc_client.hpp"
#include "exporters/load_balancing/hash_ring.hpp"

namespace rankwire::load_balancing {

struct Destination {
  Destination(std::string name, const OtlpGrpcConfig& config, GrpcTarget target, Environment& environment)
      : endpoint(std::move(name)), client(config, std::move(target), environment) {}

  const std::string endpoint;
  OtlpGrpcClient client;
  std::atomic<Instant> away_until{};  // It was not reached; until then others get what it would.
};

// Immutable but for what its destinations say of themselves; the next fleet shares those that stay.
struct Fleet {
  HashRing ring;
  std::vector<std::shared_ptr<Destination>> destinations;  // As the ring numbers them.

  std::vector<bool> away(Instant now) const {
    std::vector<bool> is_away(destinations.size());
    for (std::size_t i = 0; i < destinations.size(); ++i) is_away[i] = destinations[i]->away_until.load() > now;
    return is_away;
  }
};

}  // namespace rankwire::load_balancing
