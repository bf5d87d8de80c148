// How many partitions an exporter's queue may have seen since it was made: what is remembered of each
// never goes, so that the count cannot be got round by waiting.
#pragma once

#include <mutex>
#include <set>

#include "base/error.hpp"
#include "component/delivery.hpp"
#include "component/partition.hpp"

namespace rankwire::service {

// Any thread.
class PartitionGate {
 public:
  explicit PartitionGate(const BatchPolicy& policy) : keys_(policy.metadata_keys), count_max_(policy.partitions_max) {}

  Partition of(const ClientRef& client) const { return partition_of(keys_, client); }
  // With the values beside the digest.
  Partition with_values(const ClientRef& client) const {
    Partition partition = of(client);
    partition.client = only(keys_, client);
    return partition;
  }
  // `invalid` if this one would be too many. Gives the number of partitions there are.
  Result<std::uint64_t> enter(const ClientRef& client);

 private:
  const std::vector<std::string> keys_;
  const std::uint64_t count_max_;  // 0: any.
  std::mutex mutex_;
  std::set<Partition> seen_;  // Guarded by mutex_. Empty without a maximum.
};

}  // namespace rankwire::service
