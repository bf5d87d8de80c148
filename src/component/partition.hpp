// Which records may share a batch: those whose clients sent the same values of some metadata keys.
// A digest stands for the values where they are remembered; with the records go the values themselves.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <vector>

#include "signal/client.hpp"

namespace rankwire {

struct Partition {
  std::array<std::uint64_t, 2> digest{};
  // Not 0: whose records these are is not known (read back from disk), so that they stay by themselves.
  std::uint64_t alone = 0;
  // The values, of the keys that matter, for the exporter; null where they are not known. No part of what is compared.
  ClientRef client = {};

  bool operator==(const Partition& other) const { return digest == other.digest && alone == other.alone; }
  std::strong_ordering operator<=>(const Partition& other) const {
    const auto order = digest <=> other.digest;
    return order != 0 ? order : alone <=> other.alone;
  }
};

// `keys` are in lower case. A client without metadata and no client at all have no values.
// Without `client`.
Partition partition_of(const std::vector<std::string>& keys, const ClientRef& client);

// Of a client, what it sent of these keys; null if it sent nothing of them.
ClientRef only(const std::vector<std::string>& keys, const ClientRef& client);

}  // namespace rankwire
