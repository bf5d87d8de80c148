// The sub-commands: their settings, as the command line gives them, and the functions that run
// them, each in a file of its own. They write to the streams given and return an exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "app/exit_code.hpp"
#include "base/clock.hpp"
#include "config/load.hpp"

namespace rankwire::app {

struct Output {
  std::ostream& out;
  std::ostream& err;
};

struct RunOptions {
  config::Sources sources;  // No locations: the built-in configuration.
  std::string feature_gates;
  Duration drain = std::chrono::seconds(25);  // Below the 30 s that Kubernetes gives.
  bool is_config_watched = true;
};

struct PrintOptions {
  config::Sources sources;
  std::string mode = "redacted";  // Or "unredacted".
  std::string format = "yaml";    // Or "json".
  bool is_validated = true;       // False: what can be read is printed, as it is written where it is wrong.
};

struct QueueOptions {
  std::string action;  // "inspect", "verify" or "replay".
  std::string directory;
  std::string destination;  // Of a replay: an OTLP/HTTP URL; empty: OTLP/JSON on the standard output.
  bool is_verbose = false;
};

struct OttlOptions {
  std::vector<std::string> statements, conditions;
  std::string statements_file;  // One a line, run behind the others; empty: none.
  std::string context;          // Empty: inferred.
  std::string signal;           // Empty: what the input looks like.
  std::string input;            // A file with OTLP/JSON: requests or records; "-": the standard input.
};

// Runs the agent until it is told to stop. Takes over SIGTERM, SIGINT and SIGHUP.
ExitCode run_agent(const RunOptions& options, const Output& output);
ExitCode validate(const config::Sources& sources, const Output& output);
// `format`: "yaml" or "table".
ExitCode list_components(const std::string& format, const Output& output);
ExitCode print_config(const PrintOptions& options, const Output& output);
// Damage found by "verify" is a failure.
ExitCode run_queue_command(const QueueOptions& options, const Output& output);
// Shows what statements change and why conditions are false.
ExitCode try_ottl(const OttlOptions& options, std::istream& standard_input, const Output& output);
// With `is_verbose`, the compiler and every library in the binary too.
ExitCode print_version(bool is_verbose, const Output& output);
// `id`: of one gate; empty: all that are known.
ExitCode list_feature_gates(const std::string& id, const Output& output);

// What shell completion needs to know of one command.
struct CommandShape {
  struct Option {
    std::string name;  // "--config"
    std::string description;
    bool takes_value = false;
    bool takes_file = false;
    std::vector<std::string> choices;
  };
  std::string name;  // Words after "rankwire", "queue inspect"; empty for the program itself.
  std::string description;
  std::vector<Option> options;
  std::vector<std::string> choices;  // Of its positional argument.
};

// `shell`: "bash", "zsh" or "fish".
ExitCode print_completion(const std::string& shell, const std::vector<CommandShape>& commands, const Output& output);

}  // namespace rankwire::app
