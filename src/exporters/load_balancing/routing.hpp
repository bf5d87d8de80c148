// A batch in parts: what belongs to which destination.
#pragma once

#include <functional>

#include "component/outgoing.hpp"
#include "exporters/load_balancing/load_balancing_config.hpp"

namespace rankwire::load_balancing {

// Of the records of one batch, in their order: log records, spans, data points.
struct Part {
  std::size_t destination = 0;
  std::optional<SignalBatch> batch;  // Shares memory with the whole. Nothing: all of it.
  std::vector<std::uint32_t> records;
};

// The destination of a key.
using Choose = std::function<std::size_t(std::string_view key)>;

class Routing {
 public:
  Routing(RoutingKey key, std::vector<std::string> attributes, Random& random)
      : key_(key), attributes_(std::move(attributes)), random_(random) {}

  // Leaves out the records that are `done`, by number; empty: none is. Errors: as of OutgoingBatch.
  Result<std::vector<Part>> split(OutgoingBatch& batch, const std::vector<bool>& done, const Choose& choose) const;

 private:
  const RoutingKey key_;
  const std::vector<std::string> attributes_;
  Random& random_;
};

}  // namespace rankwire::load_balancing
