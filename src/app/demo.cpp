// The main job with no configuration at all: a training-like job, the real pipeline, a local folder, and proof.
#include "app/demo.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/components.hpp"
#include "app/demo_job.hpp"
#include "app/demo_proof.hpp"
#include "base/buffer.hpp"
#include "base/random.hpp"
#include "config/load.hpp"
#include "net/network.hpp"
#include "service/service.hpp"

namespace rankwire::app {
namespace {

// What the agent runs; DIRECTORY is filled in.
constexpr std::string_view demo_config = R"(
extensions:
  file_storage: {directory: DIRECTORY/state, create_directory: true}
receivers:
  file_log:
    include: [DIRECTORY/pods/*/*/*.log]
    start_at: beginning
    storage: file_storage
    operators: [{type: container}]
processors:
  redaction:
    allow_all_keys: true
    blocked_values: ['customer_id=\d+']
  resource:
    attributes:
      - {key: cluster.name, value: demo, action: upsert}
      - {key: job.name, value: llm-demo, action: upsert}
exporters:
  file: {path: DIRECTORY/received/logs.jsonl, create_directory: true, rotation: {max_megabytes: 100, max_backups: 100}}
service:
  extensions: [file_storage]
  pipelines:
    logs: {receivers: [file_log], processors: [redaction, resource], exporters: [file]}
  telemetry: {metrics: {level: none}}
)";

std::string config_for(const std::string& directory) {
  constexpr std::string_view placeholder = "DIRECTORY";
  std::string text(demo_config);
  for (std::size_t at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at))
    text.replace(at, placeholder.size(), directory);
  return text;
}

double resident_megabytes() {
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double cpu_seconds() {
  timespec time;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Waits a little; true when the user wants to stop.
bool interrupted_within(int milliseconds) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const timespec wait{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
  return ::sigtimedwait(&signals, nullptr, &wait) > 0;
}

void block_interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// One agent in this process, over the demo's configuration.
class DemoAgent {
 public:
  DemoAgent() : registry_(built_in_components()), service_(environment_) {}

  Result<void> start(const std::string& directory) {
    config::Diagnostics diagnostics;
    const config::Node root = config::parse_yaml(config_for(directory), "demo", diagnostics);
    service::Plan plan = service::plan(root, registry_, diagnostics);
    if (diagnostics.has_errors()) return diagnostics.as_error();
    return service_.start(std::move(plan));
  }
  void stop() { service_.stop(Deadline::after(clock_, std::chrono::seconds(10))); }

  std::uint64_t accepted() const { return counters_.total("otelcol_receiver_accepted_log_records"); }
  std::uint64_t masked() const { return counters_.total("rankwire_redaction_masked_values_total"); }
  std::uint64_t dropped() const { return counters_.total("rankwire_dropped_records_total"); }
  std::uint64_t queued() const { return counters_.total("rankwire_queued_records"); }

 private:
  SystemClock clock_;
  const std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  const std::unique_ptr<net::Network> network_ = net::make_system_network(clock_);
  const std::unique_ptr<Random> random_ = make_random();
  NullLogger log_;
  Counters counters_;
  Environment environment_{clock_, *files_, *network_, *random_, log_, counters_, BufferPool::make(4 << 20)};
  const Registry registry_;
  service::Service service_;
};

// The live view: a block that redraws itself on a terminal, one line a second elsewhere.
class View {
 public:
  View() : is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

  void draw(const DemoJob& job, const DemoAgent& agent, double elapsed) {
    const double seconds = elapsed - drawn_at_;
    if (seconds < (is_terminal_ ? 0.25 : 1.0)) return;
    const std::uint64_t records = agent.accepted(), bytes = job.bytes_written();
    const double lines_rate = static_cast<double>(records - records_) / seconds;
    const double megabytes_rate = static_cast<double>(bytes - bytes_) / 1e6 / seconds;
    const double cpu = cpu_seconds();
    if (is_terminal_) {
      if (is_drawn_) std::printf("\033[6A");
      std::printf("  %-10s %12llu lines  %9.0f lines/s  %6.2f MB/s\033[K\n", "written", ull(job.records_written()),
                  lines_rate, megabytes_rate);
      std::printf("  %-10s %12llu lines  %llu rotations followed\033[K\n", "tailed", ull(records),
                  ull(job.rotations()));
      std::printf("  %-10s %12llu values\033[K\n", "masked", ull(agent.masked()));
      std::printf("  %-10s %12llu records\033[K\n", "queued", ull(agent.queued()));
      std::printf("  %-10s %12llu records\033[K\n", "dropped", ull(agent.dropped()));
      std::printf("  %-10s %9.1f MB memory   %5.2f %% of one core\033[K\n", "agent", resident_megabytes(),
                  (cpu - cpu_) / seconds * 100);
    } else {
      std::printf("%4.0f s  %llu lines tailed  %.0f lines/s  %.2f MB/s  %llu masked  %llu dropped  %.1f MB\n", elapsed,
                  ull(records), lines_rate, megabytes_rate, ull(agent.masked()), ull(agent.dropped()),
                  resident_megabytes());
    }
    std::fflush(stdout);
    is_drawn_ = true;
    drawn_at_ = elapsed;
    records_ = records;
    bytes_ = bytes;
    cpu_ = cpu;
  }

 private:
  static unsigned long long ull(std::uint64_t value) { return value; }

  const bool is_terminal_;
  bool is_drawn_ = false;
  double drawn_at_ = 0;
  double cpu_ = cpu_seconds();
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

const char* mark(bool is_good) { return is_good ? "ok  " : "FAIL"; }

bool print_summary(const DemoJob& job, const DemoProof& proof, std::uint64_t masked, std::uint64_t dropped, double cpu,
                   const std::string& directory) {
  const auto ull = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  const std::uint64_t written = job.records_written();
  const bool is_complete = proof.received == written && proof.missing == 0;
  std::printf("\nWhat the destination has, counted in its files:\n");
  std::printf("  %s  %llu of %llu lines arrived, through %llu rotations\n", mark(is_complete), ull(proof.received),
              ull(written), ull(job.rotations()));
  std::printf("  %s  %llu lines arrived twice\n", mark(proof.repeated == 0), ull(proof.repeated));
  std::printf("  %s  %llu customer ids can be read (%llu were masked)\n", mark(proof.unmasked == 0),
              ull(proof.unmasked), ull(masked));
  std::printf("  %s  %llu records dropped\n", mark(dropped == 0), ull(dropped));
  std::printf("  %.2f CPU-seconds for %.1f MB of logs, %.1f MB of memory\n", cpu,
              static_cast<double>(job.bytes_written()) / 1e6, resident_megabytes());
  std::printf("\nLook around: %s/pods (what the job wrote), %s/received (what arrived)\n", directory.c_str(),
              directory.c_str());
  return is_complete && proof.repeated == 0 && proof.unmasked == 0 && dropped == 0;
}

Result<std::string> demo_directory(const std::string& wanted) {
  std::error_code failure;
  const std::string directory = wanted.empty() ? "rankwire-demo" : wanted;
  std::filesystem::create_directories(directory, failure);
  const std::filesystem::path absolute = std::filesystem::absolute(directory, failure);
  if (failure) return Error(ErrorKind::denied, "making " + directory + ": " + failure.message());
  // Only what an earlier demo left; the directory may be the user's own.
  for (const char* part : {"pods", "received", "state"}) std::filesystem::remove_all(absolute / part, failure);
  return absolute.string();
}

Result<bool> watch_demo(const DemoOptions& options) {
  const auto directory = demo_directory(options.directory);
  if (!directory) return directory.error();
  block_interrupts();
  DemoJob::Settings settings;
  settings.directory = *directory + "/pods";
  settings.duration = options.duration;
  auto job = DemoJob::start(settings);
  if (!job) return job.error();
  std::printf("A training job of %d ranks writes container logs to %s; the agent tails, masks and delivers them.\n\n",
              settings.ranks, settings.directory.c_str());
  std::fflush(stdout);

  const double cpu_before = cpu_seconds();
  DemoAgent agent;
  RANKWIRE_TRY(agent.start(*directory));
  const SystemClock clock;
  const Instant begin = clock.now();
  const auto elapsed = [&] { return std::chrono::duration<double>(clock.now() - begin).count(); };
  View view;
  while (job->is_running()) {
    view.draw(*job, agent, elapsed());
    if (interrupted_within(100)) job->end();
  }
  // The job is over; the agent is given a moment to read to the end of what was written.
  const Instant give_up = clock.now() + std::chrono::seconds(10);
  while (agent.accepted() < job->records_written() && clock.now() < give_up && !interrupted_within(20)) {}
  view.draw(*job, agent, elapsed() + 1);
  agent.stop();
  const double cpu = cpu_seconds() - cpu_before;
  const auto proof = read_demo_proof(*directory + "/received");
  if (!proof) return proof.error();
  return print_summary(*job, *proof, agent.masked(), agent.dropped(), cpu, *directory);
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const auto is_proven = watch_demo(options);
  if (!is_proven) std::fprintf(stderr, "rankwire: demo: %s\n", is_proven.error().message().c_str());
  return is_proven && *is_proven ? 0 : 1;
}

}  // namespace rankwire::app
