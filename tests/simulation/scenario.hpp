// What one seed means: a configuration, its surroundings, and which faults may strike how often.
#pragma once

#include <string>
#include <vector>

#include "drawn_components.hpp"
#include "faults.hpp"
#include "net/server.hpp"
#include "signal/batch.hpp"

namespace rankwire::simulation {

struct DestinationPlan {
  std::string name;  // "a": also the name of its exporter.
  std::uint16_t port = 0;
  net::Protocol protocol = net::Protocol::http;
  enum class Queue : std::uint8_t { none, memory, disk } queue = Queue::memory;
  std::uint64_t consumers = 1;
  std::string settings;  // Further YAML of the exporter.
  bool is_file = false;  // The exporter writes below file_directory instead of sending.
  bool is_made = false;  // Gets only what connectors beside the exporters make.
  std::string type() const { return is_file ? "file" : protocol == net::Protocol::http ? "otlp_http" : "otlp_grpc"; }
};

struct Scenario {
  std::uint64_t seed = 0;
  Duration writing{};
  int writers = 1;
  std::uint64_t lines_max = 1000;  // Of each writer.
  int senders = 0;
  std::uint64_t requests_max = 100;  // Of each sender.
  std::vector<Signal> signals;       // That senders have, in turn.
  std::uint64_t packets_max = 0;     // Of lines for statsd; 0: there is no such receiver.
  bool reads_host = false;           // host_metrics, which makes its own data out of files that are always there.
  bool is_scraped = false;           // A page is there to be scraped.
  bool must_sync = false;
  bool has_checkpoints = true;
  DrawnComponents components;
  bool are_pipelines_split = false;
  std::vector<DestinationPlan> destinations;
  double switch_chance = 0.1;

  Signal signal_of(int sender) const { return signals[static_cast<std::size_t>(sender) % signals.size()]; }
  bool has_sender_of(Signal signal) const;
  bool has_any_of(Signal signal) const { return has_sender_of(signal) || (signal == Signal::logs && writers != 0); }
  // Adds what the rest of the scenario uses to `components`.
  void note_components();
  // How many connectors the pipelines of a signal end in.
  std::size_t connectors_of(Signal signal) const;
  // `variant`: the same promises with other settings, for reloads.
  std::string yaml(int variant) const;
  std::string receivers(int variant) const;
  // Connectors beside the exporters of a signal: ", count", and the pipelines of what they, and statsd, make.
  std::string aside(Signal signal) const;
  std::string made_aside() const;
};

// `without` and `with` name faults that are never on, or always.
Scenario draw_scenario(std::uint64_t seed, Faults& faults, const std::vector<std::string>& without,
                       const std::vector<std::string>& with);
inline constexpr std::uint16_t page_port = 9100;
inline constexpr const char* storage_directory = "/var/lib/rankwire";
inline constexpr const char* file_directory = "/var/out";

}  // namespace rankwire::simulation
