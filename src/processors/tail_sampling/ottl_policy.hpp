// Conditions in OTTL on the spans and span events of a trace.
#pragma once

#include <optional>

#include "ottl/settings/group_settings.hpp"
#include "processors/tail_sampling/tail_sampling_config.hpp"

namespace rankwire::tail_sampling {

struct CompiledConditions {
  std::optional<ottl::ConditionRunner> span, span_event;
};

// Without an owner it only finds problems, whose keys are those of the section.
CompiledConditions compile_conditions(const OttlConditionSettings& settings, const ottl::ErrorReporter::Owner* owner,
                                      ottl::SettingsProblems& problems);

}  // namespace rankwire::tail_sampling
