// Drops what an OTTL condition is true for, from the outside in: what a resource's condition drops is not looked
// into. A condition that fails to evaluate drops nothing, unless its error mode refuses the batch.
#pragma once

#include <array>

#include "ottl/settings/group_settings.hpp"
#include "signal/batch.hpp"

namespace rankwire::filter {

// Thread-safe.
class ConditionFilter {
 public:
  ConditionFilter() = default;
  explicit ConditionFilter(std::vector<ottl::ConditionRunner> runners);

  template <class Record>
  Result<void> apply(RecordBatch<Record>& batch, const Client* client, ottl::World world) const;

 private:
  class Pass;
  const std::vector<ottl::ConditionRunner>& of(ottl::Context context) const {
    return levels_[static_cast<std::size_t>(context)];
  }

  std::array<std::vector<ottl::ConditionRunner>, ottl::context_count> levels_;
  bool is_empty_ = true;
};

extern template Result<void> ConditionFilter::apply(LogBatch&, const Client*, ottl::World) const;
extern template Result<void> ConditionFilter::apply(MetricBatch&, const Client*, ottl::World) const;
extern template Result<void> ConditionFilter::apply(TraceBatch&, const Client*, ottl::World) const;

}  // namespace rankwire::filter
