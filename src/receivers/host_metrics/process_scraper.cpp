// A process may go at any moment between two files of it: what is missing then is no problem. What we may not read is
// told once a scrape, with the number of processes, unless it is muted.
#include "receivers/host_metrics/process_scraper.hpp"

#include <unistd.h>

#include <array>

#include "receivers/host_metrics/process_stat.hpp"
#include "receivers/host_metrics/user_names.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "processscraper";
constexpr std::uint64_t ticks_per_second = 100, nanos_per_tick = 1'000'000'000 / ticks_per_second;
constexpr double nanos_per_second = 1e9;
constexpr std::size_t name_size_max = 15;  // Of what the kernel keeps of a name.
constexpr std::size_t small_file_max = 16 << 10, command_line_max = 32 << 10;
constexpr std::uint64_t bytes_per_kilobyte = 1024;

enum class Part : std::uint8_t { name, exe, io, user, cgroup, other };
constexpr std::string_view part_names[] = {"name", "executable", "io", "owner", "cgroup", "files and threads"};
constexpr std::size_t part_count = std::size(part_names);

// Of one process, in one scrape.
struct Process {
  std::uint64_t pid = 0;
  std::string folder;  // "/proc/12/"
  std::string name, command_line;
  ProcessStat stat;  // But for the name.
  std::uint64_t start = 0;
  std::uint64_t user = 0;
  std::uint64_t switches = 0, forced_switches = 0, signals_pending = 0;
  bool has_status = false;
  std::uint64_t read_bytes = 0, written_bytes = 0, reads = 0, writes = 0;
  bool has_io = false;
};

struct CpuUse {
  std::uint64_t start_ticks = 0;
  std::array<std::uint64_t, 3> ticks{};
  std::uint64_t time = 0;  // Of the scrape.
};

class ProcessScraper final : public Scraper {
 public:
  explicit ProcessScraper(const ProcessConfig& config) : config_(config), wanted_(config.include, config.exclude) {}

  std::string_view name() const override { return "process"; }

  Result<void> scrape(HostFiles& host, Output& output) override {
    auto entries = host.list("/proc");
    if (!entries) return std::move(entries).error();
    failures_ = {};
    if (wants(ProcessAttribute::owner)) users_.read(host);
    memory_bytes_ = wants(ProcessMetric::memory_utilization) ? memory_of(host) : 0;
    cpus_ = wants(ProcessMetric::cpu_utilization) ? host.cpu_count() : 0;
    for (const DirectoryEntry& entry : *entries) {
      const auto pid = number_of(entry.name);
      if (!pid) continue;
      process_.pid = *pid;
      process_.folder.assign("/proc/").append(entry.name).append("/");
      if (!read(host, output.times())) continue;
      write(host, output);
      if (!output.cut()) break;
    }
    std::erase_if(cpu_uses_, [&](const auto& one) { return one.second.time != output.times().now; });
    return summary();
  }

 private:
  bool wants(ProcessMetric metric) const { return config_.metrics.is_enabled(metric); }
  bool wants(ProcessAttribute attribute) const { return config_.resource_attributes.is_enabled(attribute); }

  static std::uint64_t memory_of(HostFiles& host) {
    std::string_view text = host.read("/proc/meminfo").value_or(std::string_view());
    for (std::string_view line; next_line(text, line);)
      if (next_word(line) == "MemTotal:") return next_number(line) * bytes_per_kilobyte;
    return 0;
  }

  bool is_muted(Part part) const {
    switch (part) {
      case Part::name: return config_.mute_process_all_errors || config_.mute_process_name_error;
      case Part::exe: return config_.mute_process_all_errors || config_.mute_process_exe_error;
      case Part::io: return config_.mute_process_all_errors || config_.mute_process_io_error;
      case Part::user: return config_.mute_process_all_errors || config_.mute_process_user_error;
      case Part::cgroup: return config_.mute_process_all_errors || config_.mute_process_cgroup_error;
      case Part::other: return config_.mute_process_all_errors;
    }
    return false;
  }
  void note(Part part, const Error& error) {
    // Whoever ends between our calls is gone as a file, or as a process (ESRCH).
    if (error.kind() == ErrorKind::denied) ++failures_[static_cast<std::size_t>(part)];
  }
  Result<void> summary() const {
    std::string text;
    for (std::size_t i = 0; i < part_count; ++i) {
      if (failures_[i] == 0 || is_muted(static_cast<Part>(i))) continue;
      text += (text.empty() ? "" : ", ") + std::string(part_names[i]) + " of " + std::to_string(failures_[i]);
    }
    if (text.empty()) return {};
    return Error(ErrorKind::denied,
                 "processes that do not show everything: " + text +
                     "; run with the capabilities SYS_PTRACE and DAC_READ_SEARCH, or set mute_process_*");
  }

  // False: it is gone, or not wanted.
  bool read(HostFiles& host, const ScrapeTimes& times) {
    const auto text = host.read(process_.folder + "stat", small_file_max);
    if (!text) {
      note(Part::name, text.error());
      return false;
    }
    const auto stat = process_stat_of(*text);
    if (!stat) return false;
    process_.stat = *stat;
    process_.name = stat->name;
    process_.stat.name = {};
    process_.start = times.start + stat->start_ticks * nanos_per_tick;
    if (times.now < process_.start + static_cast<std::uint64_t>(config_.scrape_process_delay.count())) return false;
    read_command_line(host);
    if (!wanted_.takes(process_.name)) return false;
    if (wants(ProcessAttribute::owner) || wants(ProcessMetric::context_switches) ||
        wants(ProcessMetric::signals_pending))
      read_status(host);
    process_.has_io = false;
    if (wants(ProcessMetric::disk_io) || wants(ProcessMetric::disk_operations)) read_io(host);
    return true;
  }

  // Arguments with a zero behind each. Of a name that the kernel cut off they have the rest.
  void read_command_line(HostFiles& host) {
    process_.command_line.clear();
    const bool is_cut = process_.name.size() >= name_size_max;
    if (!is_cut && !wants(ProcessAttribute::command) && !wants(ProcessAttribute::command_line)) return;
    const auto text = host.read(process_.folder + "cmdline", command_line_max);
    if (!text) return note(Part::other, text.error());
    process_.command_line = *text;
    while (process_.command_line.ends_with('\0')) process_.command_line.pop_back();
    if (!is_cut) return;
    std::string_view first = command();
    if (const std::size_t slash = first.rfind('/'); slash != std::string_view::npos) first.remove_prefix(slash + 1);
    if (first.starts_with(process_.name)) process_.name = first;
  }
  std::string_view command() const {
    const std::string_view line = process_.command_line;
    return line.substr(0, line.find('\0'));
  }

  void read_status(HostFiles& host) {
    process_.has_status = false;
    process_.switches = process_.forced_switches = 0;
    auto text = host.read(process_.folder + "status", small_file_max);
    if (!text) return note(Part::user, text.error());
    process_.has_status = true;
    for (std::string_view line; next_line(*text, line);) {
      const std::string_view key = next_word(line);
      if (key == "Uid:") process_.user = next_number(line);
      if (key == "SigQ:") {
        const std::string_view of_limit = next_word(line);
        process_.signals_pending = number_of(of_limit.substr(0, of_limit.find('/'))).value_or(0);
      }
    }
    if (!wants(ProcessMetric::context_switches)) return;
    // The process's own file has those of its first thread only.
    const auto threads = host.list(process_.folder + "task");
    if (!threads) return note(Part::other, threads.error());
    for (const DirectoryEntry& thread : *threads)
      add_switches(host, process_.folder + "task/" + thread.name + "/status");
  }
  void add_switches(HostFiles& host, const std::string& path) {
    std::string_view text = host.read(path, small_file_max).value_or(std::string_view());
    for (std::string_view line; next_line(text, line);) {
      const std::string_view key = next_word(line);
      if (key == "voluntary_ctxt_switches:") process_.switches += next_number(line);
      if (key == "nonvoluntary_ctxt_switches:") process_.forced_switches += next_number(line);
    }
  }

  void read_io(HostFiles& host) {
    auto text = host.read(process_.folder + "io", small_file_max);
    if (!text) return note(Part::io, text.error());
    process_.has_io = true;
    for (std::string_view line; next_line(*text, line);) {
      const std::string_view key = next_word(line);
      if (key == "read_bytes:") process_.read_bytes = next_number(line);
      if (key == "write_bytes:") process_.written_bytes = next_number(line);
      if (key == "syscr:") process_.reads = next_number(line);
      if (key == "syscw:") process_.writes = next_number(line);
    }
  }

  Attributes attributes(HostFiles& host, Arena& arena) {
    Attributes all;
    all.reserve(arena, std::size(ProcessAttributes::names));
    const auto add = [&](ProcessAttribute which, Value value) {
      all.push(arena, {ProcessAttributes::names[static_cast<std::size_t>(which)], value});
    };
    const auto add_text = [&](ProcessAttribute which, std::string_view text) { add(which, text_value(arena, text)); };
    if (wants(ProcessAttribute::pid)) add(ProcessAttribute::pid, Value::of(static_cast<std::int64_t>(process_.pid)));
    if (wants(ProcessAttribute::parent_pid)) add(ProcessAttribute::parent_pid, Value::of(process_.stat.parent));
    if (wants(ProcessAttribute::executable_name)) add_text(ProcessAttribute::executable_name, process_.name);
    if (wants(ProcessAttribute::executable_path)) {
      const auto path = host.link(process_.folder + "exe");
      if (!path) note(Part::exe, path.error());
      add_text(ProcessAttribute::executable_path, path.value_or(std::string()));
    }
    if (wants(ProcessAttribute::cgroup)) {
      auto text = host.read(process_.folder + "cgroup", small_file_max);
      if (!text) note(Part::cgroup, text.error());
      std::string_view cgroup = text.value_or(std::string_view());
      if (cgroup.ends_with('\n')) cgroup.remove_suffix(1);
      add_text(ProcessAttribute::cgroup, cgroup);
    }
    if (wants(ProcessAttribute::command)) add_text(ProcessAttribute::command, command());
    if (wants(ProcessAttribute::command_line)) {
      std::replace(process_.command_line.begin(), process_.command_line.end(), '\0', ' ');
      add_text(ProcessAttribute::command_line, process_.command_line);
    }
    if (!wants(ProcessAttribute::owner) || !process_.has_status) return all;
    if (const std::string_view owner = users_.of(process_.user); !owner.empty())
      add_text(ProcessAttribute::owner, owner);
    else
      ++failures_[static_cast<std::size_t>(Part::user)];
    return all;
  }

  void write(HostFiles& host, Output& output) {
    MetricWriter writer = output.of(attributes(host, output.arena()), scope_name, config_.metrics, process_.start);
    write_cpu(output.times().now, writer);
    const ProcessStat& stat = process_.stat;
    const std::uint64_t resident = stat.resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    writer.add(ProcessMetric::memory_usage, resident);
    writer.add(ProcessMetric::memory_virtual, stat.virtual_bytes);
    if (memory_bytes_ != 0)
      writer.add_real(ProcessMetric::memory_utilization,
                      100 * static_cast<double>(resident) / static_cast<double>(memory_bytes_));
    writer.add(ProcessMetric::paging_faults, stat.major_faults, {Value::of("major")});
    writer.add(ProcessMetric::paging_faults, stat.minor_faults, {Value::of("minor")});
    writer.add(ProcessMetric::threads, stat.threads);
    const std::uint64_t age = output.times().now - std::min(process_.start, output.times().now);
    writer.add_real(ProcessMetric::uptime, static_cast<double>(age) / nanos_per_second);
    if (process_.has_io) {
      writer.add(ProcessMetric::disk_io, process_.read_bytes, {Value::of("read")});
      writer.add(ProcessMetric::disk_io, process_.written_bytes, {Value::of("write")});
      writer.add(ProcessMetric::disk_operations, process_.reads, {Value::of("read")});
      writer.add(ProcessMetric::disk_operations, process_.writes, {Value::of("write")});
    }
    if (process_.has_status) {
      writer.add(ProcessMetric::context_switches, process_.forced_switches, {Value::of("involuntary")});
      writer.add(ProcessMetric::context_switches, process_.switches, {Value::of("voluntary")});
      writer.add(ProcessMetric::signals_pending, process_.signals_pending);
    }
    if (writer.wants(ProcessMetric::open_file_descriptors)) {
      const auto open = host.list(process_.folder + "fd");
      if (open)
        writer.add(ProcessMetric::open_file_descriptors, open->size());
      else
        note(Part::other, open.error());
    }
    writer.finish();
  }

  void write_cpu(std::uint64_t now, MetricWriter& writer) {
    const ProcessStat& stat = process_.stat;
    const CpuUse use{stat.start_ticks, {stat.user_ticks, stat.system_ticks, stat.wait_ticks}, now};
    constexpr std::string_view states[] = {"user", "system", "wait"};
    for (std::size_t i = 0; i < std::size(states); ++i)
      writer.add_real(ProcessMetric::cpu_time, static_cast<double>(use.ticks[i]) / ticks_per_second,
                      {Value::of(states[i])});
    if (!writer.wants(ProcessMetric::cpu_utilization)) return;
    const auto [at, is_new] = cpu_uses_.try_emplace(process_.pid, use);
    const CpuUse last = std::exchange(at->second, use);
    // The number of a process that is gone may be another's by now.
    if (is_new || last.start_ticks != use.start_ticks || last.time >= now || cpus_ == 0) return;
    const double seconds = static_cast<double>(now - last.time) / nanos_per_second * static_cast<double>(cpus_);
    for (std::size_t i = 0; i < std::size(states); ++i) {
      const std::uint64_t ticks = use.ticks[i] - std::min(last.ticks[i], use.ticks[i]);
      writer.add_real(ProcessMetric::cpu_utilization, static_cast<double>(ticks) / ticks_per_second / seconds,
                      {Value::of(states[i])});
    }
  }

  const ProcessConfig config_;
  const NameFilter wanted_;
  UserNames users_;
  Process process_;
  std::uint64_t memory_bytes_ = 0, cpus_ = 0;
  std::array<std::uint64_t, part_count> failures_{};
  std::unordered_map<std::uint64_t, CpuUse> cpu_uses_;  // By process; those of the last scrape.
};

}  // namespace

void AttributeSwitch::fields(config::Fields& f) {
  f.field("enabled", enabled, "Whether it is given.");
  f.unsupported("metrics_include", "use the filter processor");
  f.unsupported("metrics_exclude", "use the filter processor");
}

void ProcessConfig::fields(config::Fields& f) {
  f.section("include", include, "Only processes of these names.");
  f.section("exclude", exclude, "No processes of these names.");
  f.field("mute_process_all_errors", mute_process_all_errors, "Say nothing of what cannot be read.");
  f.field("mute_process_name_error", mute_process_name_error, "Say nothing of processes that cannot be read at all.");
  f.field("mute_process_exe_error", mute_process_exe_error, "Say nothing of programs' paths that cannot be read.");
  f.field("mute_process_io_error", mute_process_io_error, "Say nothing of input and output that cannot be read.");
  f.field("mute_process_user_error", mute_process_user_error, "Say nothing of users without a name.");
  f.field("mute_process_cgroup_error", mute_process_cgroup_error, "Say nothing of cgroups that cannot be read.");
  f.field("scrape_process_delay", scrape_process_delay, "How long a process must have been running.",
          {.min = 0, .max = 86400e9});
  f.section("resource_attributes", resource_attributes, "Which attributes the resource of a process has.");
  f.section("metrics", metrics, "Which metrics are given.");
}

void ProcessConfig::validate(config::Validator& v) const {
  if (metrics.is_enabled(ProcessMetric::handles))
    v.warning("metrics", "there is no process.handles on Linux", "open_file_descriptors is what comes near");
}

std::unique_ptr<Scraper> make_process_scraper(const ProcessConfig& config) {
  return std::make_unique<ProcessScraper>(config);
}

}  // namespace rankwire::host_metrics
