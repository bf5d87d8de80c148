// Which of the registry's components a run uses. What the registry has is drawn without being named
// here; only those that need settings, or change what the checks expect, have an entry.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "component/factory.hpp"
#include "faults.hpp"

namespace rankwire::simulation {

const Registry& registry();

// "processor redaction": every component of the registry, in its order; at most 64.
const std::vector<std::string>& all_components();

struct DrawnComponents {
  std::set<std::string> names;  // As in all_components.
  std::string processors;       // YAML of those beyond redaction.
  std::string processor_names;  // ", batch"
  std::string exporters;        // YAML of those that are no destinations.
  std::string exporter_names;
  std::string extensions;
  std::string extension_names;
};
DrawnComponents draw_components(Dice& dice, const Faults& faults);
// One bit each, by place in all_components.
std::uint64_t bits_of(const std::set<std::string>& names);

}  // namespace rankwire::simulation
