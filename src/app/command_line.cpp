// The one file that knows CLI11. Options of `run` exist on the program itself too, because
// `rankwire --config FILE` works as the Collector's binary does.
#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/demo.hpp"
#include "config/units.hpp"

namespace rankwire::app {
namespace {

constexpr const char* exit_codes =
    "\nExit codes: 0 ok, 1 failed while running, 2 wrong command line, 3 invalid configuration.\n";

// What the arguments fill in.
struct Settings {
  RunOptions run;
  PrintOptions print;
  QueueOptions queue;
  OttlOptions ottl;
  DemoOptions demo;
  std::string demo_duration = "15s";
  std::string drain = "25s";
  bool is_unwatched = false;
  bool is_version_asked = false;
  bool is_version_verbose = false;
  std::string components_format = "yaml";
  std::string shell;
  std::string gate;
};

std::string examples(const std::string& lines) { return "Examples:\n" + lines + exit_codes; }

// The same option may stand before and after the sub-command: values add up.
void add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                    const std::string& value_name, const std::string& description) {
  const auto append = [&values](const std::vector<std::string>& given) {
    values.insert(values.end(), given.begin(), given.end());
  };
  command.add_option_function<std::vector<std::string>>(name, append, description)
      ->type_name(value_name)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_sources(CLI::App& command, Settings& settings) {
  config::Sources& sources = settings.run.sources;
  add_repeatable(command, "--config", sources.locations, "LOCATION",
                 "Configuration: a file, file:, env:, yaml:, http: or https: (repeatable; later wins)");
  add_repeatable(command, "--set", sources.overrides, "KEY=VALUE",
                 "Override one value: processors.batch.timeout=2s (repeatable)");
  command.add_option("--feature-gates", settings.run.feature_gates, "Accepted for compatibility; has no effect")
      ->type_name("GATES");
}

void add_run_options(CLI::App& command, Settings& settings) {
  add_sources(command, settings);
  command.add_option("--drain-timeout", settings.drain, "How long to deliver what is held when stopping (25s)")
      ->type_name("DURATION");
  command.add_flag("--no-watch", settings.is_unwatched, "Reload on SIGHUP only, not when a file changes");
}

void add_queue(CLI::App& app, Settings& settings) {
  CLI::App* queue = app.add_subcommand("queue", "Look at disk queues, with or without a running agent");
  queue->require_subcommand(1);
  queue->footer(
      examples("  rankwire queue inspect /var/lib/rankwire\n"
               "  rankwire queue replay /var/lib/rankwire --to http://localhost:4318\n"));
  const std::pair<const char*, const char*> actions[] = {
      {"inspect", "Show what a queue holds"},
      {"verify", "Check every checksum; exits with 1 if there is damage"},
      {"replay", "Send or print what is not delivered yet; the queue keeps it"}};
  for (const auto& [name, description] : actions) {
    CLI::App* action = queue->add_subcommand(name, description);
    action->add_option("directory", settings.queue.directory, "A queue, or a directory of file_storage with queues")
        ->required();
    if (std::string_view(name) == "replay") {
      action->add_option("--to", settings.queue.destination, "OTLP/HTTP URL; without it, OTLP/JSON lines are printed")
          ->type_name("URL");
    } else {
      action->add_flag("--verbose", settings.queue.is_verbose, "One line for each segment");
    }
  }
}

void add_ottl(CLI::App& app, Settings& settings) {
  CLI::App* ottl = app.add_subcommand("ottl", "Try OTTL statements and conditions on a record");
  add_repeatable(*ottl, "--statement", settings.ottl.statements, "TEXT",
                 "What to do; shows what it changes (repeatable)");
  add_repeatable(*ottl, "--condition", settings.ottl.conditions, "TEXT",
                 "Shows whether it holds and why not (repeatable)");
  ottl->add_option("--statements", settings.ottl.statements_file,
                   "A file with one statement a line; lines that begin with # are comments")
      ->type_name("FILE");
  ottl->add_option("--context", settings.ottl.context, "What the paths are about, if they do not say so");
  ottl->add_option("--signal", settings.ottl.signal, "What the input is, where that cannot be seen")
      ->check(CLI::IsMember({"logs", "metrics", "traces"}));
  ottl->add_option("--input", settings.ottl.input,
                   "OTLP/JSON: requests or records, one or several; - is the standard input")
      ->type_name("FILE")
      ->required();
  ottl->footer(
      examples("  rankwire ottl --input record.json --statement 'set(log.attributes[\"a\"], log.body)'\n"
               "  rankwire ottl --input record.json --condition 'log.severity_number >= SEVERITY_NUMBER_WARN'\n"));
}

void add_demo(CLI::App& app, Settings& settings) {
  CLI::App* demo =
      app.add_subcommand("demo", "Run a small training-like job through the real pipeline and prove the counts");
  demo->add_option("--directory", settings.demo.directory, "Where its files go (./rankwire-demo)")->type_name("DIR");
  demo->add_option("--duration", settings.demo_duration, "How long the job runs (15s)")->type_name("DURATION");
  demo->footer(examples("  rankwire demo\n  rankwire demo --duration 1m --directory /tmp/demo\n"));
}

void add_commands(CLI::App& app, Settings& settings) {
  CLI::App* run =
      app.add_subcommand("run", "Run the agent; without --config, store this machine's container logs here");
  add_run_options(*run, settings);
  run->footer(
      examples("  rankwire run --config agent.yaml\n"
               "  rankwire run --config base.yaml --config site.yaml --set exporters.otlp_http.timeout=5s\n"
               "  RANKWIRE_DATA=/tmp/logs rankwire run\n"
               "SIGHUP reloads, SIGTERM and SIGINT drain and stop, a second one stops at once.\n"));

  CLI::App* validate = app.add_subcommand("validate", "Check a configuration and start nothing");
  add_sources(*validate, settings);
  validate->footer(examples("  rankwire validate --config agent.yaml\n"));

  CLI::App* components = app.add_subcommand("components", "List the components in this binary");
  components->add_option("--format", settings.components_format, "yaml, table or fields")
      ->check(CLI::IsMember({"yaml", "table", "fields"}));
  components->footer(examples("  rankwire components --format table\n"));

  CLI::App* print = app.add_subcommand("print-config", "Print the configuration with every default filled in");
  print->alias("print-initial-config");
  add_sources(*print, settings);
  print->add_option("--mode", settings.print.mode, "redacted (secrets hidden) or unredacted")
      ->check(CLI::IsMember({"redacted", "unredacted"}));
  print->add_option("--format", settings.print.format, "yaml or json")->check(CLI::IsMember({"yaml", "json"}));
  print->add_flag("--validate", settings.print.is_validated,
                  "Refuse what is not valid (default); --validate=false prints it as it was read");
  print->footer(examples("  rankwire print-config --config agent.yaml --format json\n"));

  add_queue(app, settings);
  add_ottl(app, settings);
  add_demo(app, settings);
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script");
  completion->add_option("shell", settings.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(examples("  source <(rankwire completion bash)\n"));

  CLI::App* gates = app.add_subcommand("featuregate", "List the Collector's feature gates and what holds here");
  gates->add_option("id", settings.gate, "One gate only");
  gates->footer(examples("  rankwire featuregate\n  rankwire featuregate service.partialReload\n"));

  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->add_flag("--verbose", settings.is_version_verbose, "Also the compiler and the libraries built in");
}

std::vector<std::string> words_after_colon(const std::string& text) {
  // CLI11 shows the members of a set as "{a,b}".
  std::vector<std::string> words;
  const std::size_t open = text.find('{'), close = text.find('}');
  if (open == std::string::npos || close == std::string::npos) return words;
  std::string word;
  for (std::size_t i = open + 1; i <= close; ++i) {
    if (text[i] == ',' || text[i] == '}') {
      words.push_back(std::exchange(word, {}));
    } else {
      word += text[i];
    }
  }
  return words;
}

void add_shapes(const CLI::App& app, const std::string& name, std::vector<CommandShape>& shapes) {
  CommandShape shape{name, app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string> choices = words_after_colon(option->get_type_name());
    if (option->get_positional()) {
      shape.choices = choices;
      continue;
    }
    const bool takes_value = option->get_expected_min() > 0 && option->get_type_size() > 0;
    const std::string long_name = "--" + (option->get_lnames().empty() ? "" : option->get_lnames()[0]);
    shape.options.push_back({long_name, option->get_description(), takes_value, long_name == "--config", choices});
  }
  shapes.push_back(std::move(shape));
  for (const CLI::App* next : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_shapes(*next, name.empty() ? next->get_name() : name + " " + next->get_name(), shapes);
  }
}

bool read_duration(const char* option, const std::string& text, Duration& into, std::ostream& err) {
  const auto found = config::parse_duration(text);
  if (found && found->count() >= 0) {
    into = *found;
    return true;
  }
  err << option << ": \"" << text << "\" is not a duration; write 25s or 1m30s\n";
  return false;
}

ExitCode execute(const CLI::App& app, Settings& settings, const Output& output) {
  if (!read_duration("--drain-timeout", settings.drain, settings.run.drain, output.err) ||
      !read_duration("--duration", settings.demo_duration, settings.demo.duration, output.err)) {
    return ExitCode::usage;
  }
  settings.run.is_config_watched = !settings.is_unwatched;
  settings.print.sources = settings.run.sources;
  if (app.got_subcommand("version") || settings.is_version_asked)
    return print_version(settings.is_version_verbose, output);
  if (app.got_subcommand("featuregate")) return list_feature_gates(settings.gate, output);
  if (app.got_subcommand("components")) return list_components(settings.components_format, output);
  if (app.got_subcommand("print-config")) return print_config(settings.print, output);
  if (app.got_subcommand("validate")) return validate(settings.run.sources, output);
  if (app.got_subcommand("queue")) {
    settings.queue.action = app.get_subcommand("queue")->get_subcommands().front()->get_name();
    return run_queue_command(settings.queue, output);
  }
  if (app.got_subcommand("ottl")) return try_ottl(settings.ottl, std::cin, output);
  if (app.got_subcommand("demo")) return run_demo(settings.demo) == 0 ? ExitCode::ok : ExitCode::failed;
  if (app.got_subcommand("completion")) {
    std::vector<CommandShape> shapes;
    add_shapes(app, "", shapes);
    return print_completion(settings.shell, shapes, output);
  }
  if (app.got_subcommand("run") || !settings.run.sources.locations.empty()) return run_agent(settings.run, output);
  output.err << app.help();
  return ExitCode::usage;
}

}  // namespace

ExitCode run_command_line(std::span<const char* const> arguments, const Output& output) {
  Settings settings;
  CLI::App app("Rankwire: collects logs, metrics and traces of machine-learning clusters and loses none of them.",
               "rankwire");
  app.require_subcommand(0, 1);
  add_run_options(app, settings);
  app.add_flag("--version,-v", settings.is_version_asked, "Print the version");
  add_commands(app, settings);
  app.footer(
      examples("  rankwire --config agent.yaml        run, as `otelcol --config` does\n"
               "  rankwire validate --config agent.yaml\n"
               "  rankwire demo                       see it work in 15 seconds\n"
               "  rankwire run                        this machine's container logs into ./rankwire-data\n"));
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
    return execute(app, settings, output);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem, output.out, output.err) == 0 ? ExitCode::ok : ExitCode::usage;
  }
}

}  // namespace rankwire::app
