// Which of the registry's components a run uses, and what they may make of the records. What the
// registry has is drawn without being named here; only those that need settings, or may do more than
// pass on what they get, have entries in the table of drawn_components.cpp.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "component/factory.hpp"
#include "faults.hpp"
#include "ledger.hpp"

namespace rankwire::simulation {

const Registry& registry();

// What a component, configured as drawn, may make of the records that go through it.
enum class Effect : std::uint8_t {
  keeps,    // Each goes on with its text, at once or later. So does what nothing is said about.
  alters,   // As `keeps`, but the values of data points may become others.
  drops,    // Those that `is_dropped` names never go on; every other does.
  samples,  // Any may stay behind, counted as dropped.
  merges,   // Any may go on as part of another; how many there were stays (log_count, sums of deltas).
};

// Whether records of this number are dropped, of this source.
using IsDropped = bool (*)(const RecordId& id);

// What the processors of one signal may do, together.
struct Contract {
  bool alters = false;
  std::string_view samples;  // The reason with which they are counted; empty: none.
  bool merges = false;
  std::vector<IsDropped> drops;
  bool is_dropped(const RecordId& id) const;
};

// "processor redaction", "processor filter (drops)": every component of the registry, in its order, in each
// of the ways in which it may be configured.
const std::vector<std::string>& all_components();
using ComponentBits = std::bitset<256>;  // By place in all_components.
ComponentBits bits_of(const std::set<std::string>& names);

struct DrawnProcessor {
  std::string name;  // As in all_components.
  std::string type;
  std::string settings;
  std::string settings_later;   // After some of the reloads.
  bool comes_and_goes = false;  // With reloads.
  bool holds_durably = false;   // What it holds on disk when it goes, it may keep until it comes back.
  std::vector<Signal> signals;

  bool is_away(int variant) const { return comes_and_goes && variant % 3 == 2; }
};

struct DrawnComponents {
  std::set<std::string> names;             // As in all_components.
  std::vector<DrawnProcessor> processors;  // Beyond redaction, in their order.
  std::array<Contract, 3> contracts;       // By signal.
  std::array<bool, 3> holds_back{};        // By signal: one of them holds in memory what was acknowledged.
  std::string between;                     // A connector between receivers and exporters; empty: none.
  std::vector<std::string> aside;          // Connectors that make other records of what they get.
  std::string exporters;                   // YAML of those that are no destinations.
  std::string exporter_names;
  std::string metric_exporter_names;  // Of those that take nothing but metrics.
  std::string extensions;
  std::string extension_names;

  const Contract& contract(Signal signal) const { return contracts[static_cast<std::size_t>(signal)]; }
  bool merges_any() const;
  bool lacks_what_it_holds(int variant) const;  // One that holds on disk is away.
  // YAML of the processors, and ", batch, …" for the pipelines of a signal.
  std::string processor_settings(int variant) const;
  std::string processor_names(Signal signal, int variant) const;
};
DrawnComponents draw_components(Dice& dice, const Faults& faults);
// YAML of a connector's settings where it feeds one pipeline.
std::string connector_settings(const std::string& type, const std::string& pipeline);
// The metric in which a connector beside the exporters says how many records of such sources came ("f", "s", "m", "t":
// the first letter of their ids); empty if it says nothing that can be checked.
std::string_view counting_metric(const std::string& type, char source);

}  // namespace rankwire::simulation
