#include "service/partition_gate.hpp"

namespace rankwire::service {

Result<std::uint64_t> PartitionGate::enter(const ClientRef& client) {
  if (count_max_ == 0) return std::uint64_t{0};
  const Partition partition = of(client);
  const std::lock_guard lock(mutex_);
  if (seen_.contains(partition)) return std::uint64_t{seen_.size()};
  if (seen_.size() >= count_max_)
    return Error(ErrorKind::invalid, "more combinations of metadata values than metadata_cardinality_limit allows (" +
                                         std::to_string(count_max_) + ")");
  seen_.insert(partition);
  return std::uint64_t{seen_.size()};
}

}  // namespace rankwire::service
