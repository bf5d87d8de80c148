// What one seed means: a configuration, its surroundings, and which faults may strike how often.
#pragma once

#include <string>
#include <vector>

#include "faults.hpp"
#include "net/server.hpp"

namespace rankwire::simulation {

struct DestinationPlan {
  std::string name;  // "a": also the name of its exporter.
  std::uint16_t port = 0;
  net::Protocol protocol = net::Protocol::http;
  enum class Queue : std::uint8_t { none, memory, disk } queue = Queue::memory;
  std::uint64_t consumers = 1;
  std::string settings;  // Further YAML of the exporter.
};

struct Scenario {
  std::uint64_t seed = 0;
  Duration writing{};
  int writers = 1;
  std::uint64_t lines_max = 1000;  // Of each writer.
  int senders = 0;
  std::uint64_t requests_max = 100;  // Of each sender.
  bool must_sync = false;
  bool has_checkpoints = true;
  std::string processors;       // YAML of those beyond redaction.
  std::string processor_names;  // ", batch"
  bool are_pipelines_split = false;
  std::vector<DestinationPlan> destinations;
  double switch_chance = 0.1;

  // `variant`: the same promises with other settings, for reloads.
  std::string yaml(int variant) const;
};

// `without` and `with` name faults that are never on, or always.
Scenario draw_scenario(std::uint64_t seed, Faults& faults, const std::vector<std::string>& without,
                       const std::vector<std::string>& with);
inline constexpr const char* storage_directory = "/var/lib/rankwire";

}  // namespace rankwire::simulation
