// An event of Kubernetes as a log record, as upstream has it.
#pragma once

#include <cstdint>

#include "signal/batch.hpp"

namespace rankwire::k8s_events {

// When it happened last, in nanoseconds since 1970; 0: it does not say.
std::uint64_t time_of(const Value& event);
// The version of an object as a number; 0: it has none that grows.
std::uint64_t version_of(std::string_view resource_version);
// One record, with a resource for what the event is about.
LogBatch batch_of(const Value& event);

}  // namespace rankwire::k8s_events
