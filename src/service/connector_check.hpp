// The rules about connectors: what they make of one signal is wanted by a pipeline, and the pipelines that their
// configuration names are theirs.
#pragma once

#include "service/plan_check.hpp"

namespace rankwire::service {

void check_connectors(const Registry& registry, const References& references, const Plan& plan,
                      config::Diagnostics& diagnostics);

}  // namespace rankwire::service
