// Which of the registry's components a run uses. What the registry has is drawn without being named
// here; only those that need settings, or change what the checks expect, have an entry.
#pragma once

#include <array>
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
  std::set<std::string> names;                 // As in all_components.
  std::string processors;                      // YAML of those beyond redaction.
  std::array<std::string, 3> processor_names;  // By signal: ", batch".
  bool holds_back = false;                     // One of them holds in memory what was acknowledged.
  std::string between;                         // A connector between receivers and exporters; empty: none.
  std::vector<std::string> aside;              // Connectors that make other records of what they get.
  std::string exporters;                       // YAML of those that are no destinations.
  std::string exporter_names;
  std::string extensions;
  std::string extension_names;
};
DrawnComponents draw_components(Dice& dice, const Faults& faults);
// YAML of a connector's settings where it feeds one pipeline.
std::string connector_settings(const std::string& type, const std::string& pipeline);
// One bit each, by place in all_components.
std::uint64_t bits_of(const std::set<std::string>& names);

}  // namespace rankwire::simulation
