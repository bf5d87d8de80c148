// The kernel counts the time of guests in `user` and `nice` too: it is not added again, so that parts add up to 1.
#include "receivers/host_metrics/cpu_scraper.hpp"

#include <array>
#include <set>

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "cpuscraper";
constexpr double ticks_per_second = 100;  // What the kernel counts in towards programs, whatever its own clock is.
constexpr double hertz_per_megahertz = 1e6;
constexpr std::size_t cpus_max = 16384;
// In the order of /proc/stat.
constexpr std::size_t state_count = 8;
constexpr std::string_view states[state_count] = {"user", "nice",      "system",  "idle",
                                                  "wait", "interrupt", "softirq", "steal"};

struct CpuTimes {
  bool is_known = false;
  std::array<std::uint64_t, state_count> ticks{};
};

class CpuScraper final : public Scraper {
 public:
  explicit CpuScraper(const CpuConfig& config) : config_(config) {}

  std::string_view name() const override { return "cpu"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    MetricWriter writer = output.host(scope_name, config_.metrics);
    Result<void> result = write_times(host, output.arena(), writer);
    if (result && writer.wants(CpuMetric::logical_count)) writer.add(CpuMetric::logical_count, host.cpu_count());
    if (result && writer.wants(CpuMetric::physical_count)) result = write_cores(host, writer);
    if (result && writer.wants(CpuMetric::frequency)) result = write_clocks(host, output.arena(), writer);
    writer.finish();
    return result;
  }

 private:
  Result<void> write_times(HostFiles& host, Arena& arena, MetricWriter& writer) {
    if (!writer.wants(CpuMetric::time) && !writer.wants(CpuMetric::utilization)) return {};
    auto text = host.stat();
    if (!text) return std::move(text).error();
    for (std::string_view line; next_line(*text, line);) {
      const std::string_view cpu = next_word(line);
      if (!cpu.starts_with("cpu")) break;  // They come first.
      const auto number = number_of(cpu.substr(3));
      if (!number || *number >= cpus_max) continue;
      CpuTimes times{.is_known = true};
      for (std::uint64_t& ticks : times.ticks) ticks = next_number(line);
      write_cpu(*number, times, text_value(arena, cpu), writer);
    }
    return {};
  }

  void write_cpu(std::size_t number, const CpuTimes& times, Value name, MetricWriter& writer) {
    for (std::size_t i = 0; i < state_count; ++i)
      writer.add_real(CpuMetric::time, static_cast<double>(times.ticks[i]) / ticks_per_second,
                      {name, Value::of(states[i])});
    if (!writer.wants(CpuMetric::utilization)) return;
    if (last_.size() <= number) last_.resize(number + 1);
    const CpuTimes last = std::exchange(last_[number], times);
    if (!last.is_known) return;
    std::array<double, state_count> spent{};
    double all = 0;
    for (std::size_t i = 0; i < state_count; ++i) {
      // The kernel's counts of idle time can fall a little.
      if (times.ticks[i] > last.ticks[i]) spent[i] = static_cast<double>(times.ticks[i] - last.ticks[i]);
      all += spent[i];
    }
    for (std::size_t i = 0; i < state_count; ++i)
      writer.add_real(CpuMetric::utilization, all == 0 ? 0 : spent[i] / all, {name, Value::of(states[i])});
  }

  // Threads of one core name each other.
  static Result<void> write_cores(HostFiles& host, MetricWriter& writer) {
    const std::string folder = "/sys/devices/system/cpu";
    std::set<std::string, std::less<>> cores;
    auto entries = host.list(folder);
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.name.starts_with("cpu") || !number_of(std::string_view(entry.name).substr(3))) continue;
      auto threads = host.read(folder + "/" + entry.name + "/topology/core_cpus_list");
      if (!threads) threads = host.read(folder + "/" + entry.name + "/topology/thread_siblings_list");
      if (threads) cores.emplace(*threads);
    }
    if (cores.empty()) return Error(ErrorKind::unavailable, folder + " says nothing about cores");
    writer.add(CpuMetric::physical_count, cores.size());
    return {};
  }

  static Result<void> write_clocks(HostFiles& host, Arena& arena, MetricWriter& writer) {
    auto text = host.read("/proc/cpuinfo");
    if (!text) return std::move(text).error();
    std::string_view cpu;
    for (std::string_view line; next_line(*text, line);) {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      std::string_view value = line.substr(colon + 1);
      if (line.starts_with("processor")) cpu = next_word(value);
      if (!line.starts_with("cpu MHz") || cpu.empty()) continue;
      writer.add_real(CpuMetric::frequency, real_of(next_word(value)) * hertz_per_megahertz,
                      {text_value(arena, "cpu" + std::string(cpu))});
    }
    return {};
  }

  const CpuConfig config_;
  std::vector<CpuTimes> last_;  // By the CPU's number; for utilization.
};

}  // namespace

std::unique_ptr<Scraper> make_cpu_scraper(const CpuConfig& config) { return std::make_unique<CpuScraper>(config); }

}  // namespace rankwire::host_metrics
