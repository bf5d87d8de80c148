// `rankwire run`: loads, starts, and then waits for signals and changes of the configuration.
#include <malloc.h>

#include <ostream>

#include "app/commands.hpp"
#include "app/components.hpp"
#include "app/config_watch.hpp"
#include "app/events.hpp"
#include "app/prepared_config.hpp"
#include "base/buffer.hpp"
#include "base/random.hpp"
#include "net/network.hpp"
#include "service/logger.hpp"
#include "service/service.hpp"

namespace rankwire::app {
namespace {

// As many problems of a rejected reload as are logged one by one.
constexpr std::size_t logged_problems_max = 20;
// Recycled buffers kept while nobody uses them.
constexpr Bytes idle_buffers_max = 8_MiB;

class Agent {
 public:
  Agent(const RunOptions& options, const Output& output)
      : options_(options),
        output_(output),
        registry_(built_in_components()),
        files_(make_posix_file_system()),
        network_(net::make_system_network(clock_)),
        random_(make_random()),
        log_(service::make_logger(clock_)),
        environment_{clock_, *files_, *network_, *random_, *log_, counters_, BufferPool::make(idle_buffers_max.count)},
        service_(environment_) {}

  ExitCode run() {
    PreparedConfig prepared = prepare_config(options_.sources, *files_, registry_);
    if (!prepared.diagnostics.has_errors() && !prepared.files.empty()) {
      // Read again once it is watched: a change in between must not go unnoticed.
      watch_files(prepared.files);
      prepared = {};  // Both at once would be what the process ever needs at most.
      prepared = prepare_config(options_.sources, *files_, registry_);
    }
    output_.err << prepared.diagnostics.text() << std::flush;
    if (prepared.diagnostics.has_errors()) return ExitCode::invalid_configuration;
    if (auto configured = log_->configure(prepared.plan.telemetry.logs); !configured) {
      log_->error("cannot write the log as configured", {{"error", configured.error().message()}});
      return ExitCode::failed;
    }
    log_->info("starting", {{"version", RANKWIRE_VERSION}});
    service::Plan plan = std::move(prepared.plan);
    prepared = {};  // What was read, with the secrets in it, is not needed any more.
    if (auto started = service_.start(std::move(plan)); !started) {
      log_->error("cannot start", {{"error", started.error().message()}});
      return ExitCode::failed;
    }
    ::malloc_trim(0);
    while (wait_and_act()) {}
    stop();
    return has_failed_ ? ExitCode::failed : ExitCode::ok;
  }

 private:
  // False when it is time to stop.
  bool wait_and_act() {
    const Event event = events_.wait();
    if (event == Event::stop) return false;
    log_->info(event == Event::reload ? "reloading on SIGHUP" : "reloading, the configuration changed");
    reload();
    return !has_failed_;
  }

  void stop() {
    log_->info("stopping",
               {{"drain_seconds", std::chrono::duration_cast<std::chrono::seconds>(options_.drain).count()}});
    watch_.reset();
    events_.let_signals_kill();
    service_.stop(Deadline::after(clock_, options_.drain));
    log_->info("stopped");
  }

  void watch_files(std::vector<std::string> paths) {
    if (!options_.is_config_watched || paths.empty()) return;
    if (watch_) return watch_->watch(std::move(paths));
    auto watch = ConfigWatch::start(*files_, std::move(paths), [this] { events_.files_changed(); });
    if (watch) {
      watch_ = std::move(*watch);
    } else {
      log_->warn("configuration files are not watched; send SIGHUP to reload", {{"error", watch.error().message()}});
    }
  }

  void reload() {
    PreparedConfig prepared = prepare_config(options_.sources, *files_, registry_);
    log_problems(prepared.diagnostics);
    if (prepared.diagnostics.has_errors()) {
      log_->error("the new configuration is not valid; the old one keeps running");
      return;
    }
    if (auto configured = log_->configure(prepared.plan.telemetry.logs); !configured) {
      log_->error("cannot write the log as configured", {{"error", configured.error().message()}});
    }
    if (auto done = service_.reload(std::move(prepared.plan)); !done) {
      // A part that nobody restarts would be silent for ever: whoever runs the process starts the whole again.
      has_failed_ = !service_.is_ready();
      if (has_failed_) return;
      log_->error("the new configuration cannot start; the old one keeps running", {{"error", done.error().message()}});
      return;
    }
    watch_files(std::move(prepared.files));
    ::malloc_trim(0);
    log_->info("reloaded");
  }

  void log_problems(const config::Diagnostics& diagnostics) {
    std::size_t count = 0;
    for (const config::Diagnostic& one : diagnostics.all()) {
      if (++count > logged_problems_max) break;
      const bool is_error = one.severity == config::Severity::error;
      log_->write(is_error ? LogLevel::error : LogLevel::warn, "configuration", {{"problem", one.text()}});
    }
  }

  const RunOptions& options_;
  const Output& output_;
  Events events_;  // Before anything that starts a thread.
  SystemClock clock_;
  const Registry registry_;
  Counters counters_;
  const std::unique_ptr<FileSystem> files_;
  const std::unique_ptr<net::Network> network_;
  const std::unique_ptr<Random> random_;
  const std::unique_ptr<service::ConfigurableLogger> log_;
  Environment environment_;
  service::Service service_;
  bool has_failed_ = false;  // Only a part of any configuration runs.
  std::unique_ptr<ConfigWatch> watch_;
};

}  // namespace

ExitCode run_agent(const RunOptions& options, const Output& output) {
  if (!options.feature_gates.empty()) {
    output.err << "note: feature gates have no effect: " << options.feature_gates << '\n';
  }
  if (options.sources.locations.empty() && options.sources.overrides.empty()) {
    output.err << "note: no --config: the container logs of this machine go to rankwire-data/logs.jsonl "
                  "(or below $RANKWIRE_DATA)\n";
  }
  return Agent(options, output).run();
}

}  // namespace rankwire::app
