// Processes: what each is, whose, and what it uses.
#include "receivers/host_metrics/host_fixture.hpp"

namespace rankwire::host_metrics {
namespace {

// The machine started 1,000 s before the first scrape of a fixture.
constexpr const char* machine = "cpu  1\ncpu0 1\ncpu1 1\nbtime 1699999010\n";

std::string stat_of(int pid, const std::string& name, std::uint64_t user_ticks, std::uint64_t start_ticks = 100) {
  return std::to_string(pid) + " (" + name + ") S 1 7 7 0 -1 4194560 100 5 20 6 " + std::to_string(user_ticks) +
         " 50 0 0 20 0 3 0 " + std::to_string(start_ticks) +
         " 1048576 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 25 0 0\n";
}

struct ProcessFixture : HostFixture {
  explicit ProcessFixture(const std::string& settings) : HostFixture("{process: {" + settings + "}}") {
    put_process(*this);
  }
  static void put_process(const HostFixture& f);
};

void ProcessFixture::put_process(const HostFixture& f) {
  f.put("/proc/stat", machine);
  f.put("/proc/meminfo", "MemTotal: 81920 kB\n");
  f.put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nbroken\ntrainer:x:1001:1001::/home/t:/bin/sh\n");
  f.put("/proc/12/stat", stat_of(12, "python3", 200));
  f.put("/proc/12/cmdline", std::string_view("/usr/bin/python3\0train.py\0--rank\0003\0", 35));
  f.put("/proc/12/status", "Name:\tpython3\nUid:\t1001\t0\t0\t0\nSigQ:\t2/500\n");
  f.put("/proc/12/io", "rchar: 9\nwchar: 9\nsyscr: 7\nsyscw: 8\nread_bytes: 4096\nwrite_bytes: 8192\n");
  f.put("/proc/12/cgroup", "0::/kubepods/pod1\n");
  f.put("/proc/12/task/12/status", "voluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t1\n");
  f.put("/proc/12/task/13/status", "voluntary_ctxt_switches:\t20\nnonvoluntary_ctxt_switches:\t2\n");
  f.put("/proc/12/fd/0", "");
  f.put("/proc/12/fd/1", "");
  f.link("/proc/12/exe", "/usr/bin/python3.11");
}

std::string resource_of(const HostFixture& f, std::uint32_t index = 0) {
  return testing::text_of(f.batches[0].metrics().resources[index].resource.attributes);
}

TEST_CASE("a process is a resource with its name, command and owner") {
  ProcessFixture f("");
  CHECK(f.scrape() == Lines{"process.cpu.time{state=user} 2r", "process.cpu.time{state=system} 0.5r",
                            "process.cpu.time{state=wait} 0.25r", "process.memory.usage{} 40960",
                            "process.memory.virtual{} 1048576", "process.disk.io{direction=read} 4096",
                            "process.disk.io{direction=write} 8192"});
  CHECK(f.problems.empty());
  CHECK(resource_of(f) ==
        "{process.pid=12,process.parent_pid=1,process.executable.name=python3,"
        "process.executable.path=/usr/bin/python3.11,process.command=/usr/bin/python3,"
        "process.command_line=/usr/bin/python3 train.py --rank 3,process.owner=trainer}");
  // Counters of a process begin when it does: a second after the machine.
  CHECK(testing::point_lines(f.batches[0])[0].find("@1699999011000000000-") != std::string::npos);
}

TEST_CASE("everything that can be switched on, of resource and metrics") {
  std::string metrics;
  for (const MetricSpec& spec : process_metrics) metrics += std::string(spec.name) + ": {enabled: true}, ";
  ProcessFixture f("resource_attributes: {process.cgroup: {enabled: true}, process.pid: {enabled: false}}, metrics: {" +
                   metrics + "}");
  (void)f.scrape();
  f.put("/proc/12/stat", stat_of(12, "python3", 300));
  const Lines lines = f.scrape();
  const auto has = [&](const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  CHECK(has("process.cpu.utilization{state=user} 0.05r"));  // A second of ten, of two CPUs.
  CHECK(has("process.context_switches{type=involuntary} 3"));
  CHECK(has("process.context_switches{type=voluntary} 30"));
  CHECK(has("process.disk.operations{direction=write} 8"));
  CHECK(has("process.memory.utilization{} 0.0488281r"));
  CHECK(has("process.open_file_descriptors{} 2"));
  CHECK(has("process.paging.faults{type=major} 20"));
  CHECK(has("process.signals_pending{} 2"));
  CHECK(has("process.threads{} 3"));
  CHECK(has("process.uptime{} 1009r"));
  CHECK(resource_of(f).find("process.cgroup=0::/kubepods/pod1") != std::string::npos);
  CHECK(resource_of(f).find("process.pid") == std::string::npos);
}

TEST_CASE("utilization is not that of another process that got the same number") {
  ProcessFixture f("metrics: {process.cpu.utilization: {enabled: true}}");
  CHECK(f.scrape("process.cpu.utilization").empty());
  f.put("/proc/12/stat", stat_of(12, "python3", 300, 5000));
  CHECK(f.scrape("process.cpu.utilization").empty());
  CHECK(f.scrape("process.cpu.utilization").size() == 3);
}

TEST_CASE("names that the kernel cut off are whole, and filters go by them") {
  ProcessFixture f("include: {names: [nvidia-cuda-mps-server], match_type: strict}");
  f.put("/proc/20/stat", stat_of(20, "nvidia-cuda-mps", 1));
  f.put("/proc/20/cmdline", std::string_view("/usr/bin/nvidia-cuda-mps-server\0-d\0", 35));
  f.put("/proc/21/stat", stat_of(21, "odd) (name", 1));
  (void)f.scrape();
  REQUIRE(f.batches[0].metrics().resources.size() == 1);
  CHECK(resource_of(f).find("process.executable.name=nvidia-cuda-mps-server") != std::string::npos);
  f.configure("{process: {exclude: {names: ['^(python|nvidia)'], match_type: regexp}}}");
  (void)f.scrape();
  REQUIRE(f.batches[0].metrics().resources.size() == 1);
  CHECK(resource_of(f).find("process.executable.name=odd) (name") != std::string::npos);
}

TEST_CASE("texts that are no UTF-8 are made so") {
  ProcessFixture f("");
  f.put("/proc/12/stat", stat_of(12, "py\xff", 1));
  f.put("/proc/12/cmdline", std::string_view("a\xc3\0b", 4));
  (void)f.scrape();
  CHECK(resource_of(f).find("process.executable.name=py\xef\xbf\xbd,") != std::string::npos);
  CHECK(resource_of(f).find("process.command_line=a\xef\xbf\xbd b,") != std::string::npos);
}

TEST_CASE("young processes are left out where a delay is set") {
  ProcessFixture f("scrape_process_delay: 20s");
  f.put("/proc/13/stat", stat_of(13, "young", 1, 98500));  // Started 985 s after the machine.
  (void)f.scrape();
  CHECK(f.batches[0].metrics().resources.size() == 1);
  (void)f.scrape();
  CHECK(f.batches[0].metrics().resources.size() == 2);
}

TEST_CASE("what goes meanwhile is no problem; users without a name are, unless muted") {
  ProcessFixture f("");
  f.put("/etc/passwd", "");
  for (const char* file : {"/proc/12/io", "/proc/12/cmdline", "/proc/12/exe"}) f.remove(file);
  CHECK(f.scrape().size() == 5);
  CHECK(f.problems.size() == 1);
  CHECK(f.has_problem("owner of 1"));
  CHECK(resource_of(f) ==
        "{process.pid=12,process.parent_pid=1,process.executable.name=python3,process.executable.path=,"
        "process.command=,process.command_line=}");
  f.configure("{process: {mute_process_user_error: true}}");
  CHECK(f.scrape().size() == 5);
  CHECK(f.problems.empty());
  f.configure("{process: {mute_process_all_errors: true}}");
  CHECK(f.scrape().size() == 5);
  CHECK(f.problems.empty());
}

TEST_CASE("many processes go on in several batches, and no more are read when they are not wanted") {
  HostFixture f("{process: {resource_attributes: {process.owner: {enabled: false}}}}");
  f.put("/proc/stat", machine);
  for (int pid = 100; pid < 1100; ++pid) {
    f.put("/proc/" + std::to_string(pid) + "/stat", stat_of(pid, "worker", 1));
    f.put("/proc/" + std::to_string(pid) + "/cmdline", std::string(2000, 'x'));
  }
  CHECK(f.scrape().size() == 5 * 1000);
  CHECK(f.batches.size() > 2);
  for (const SignalBatch& batch : f.batches) CHECK(batch.memory_bytes().count < 4 << 20);
  f.is_wanted = false;
  (void)f.scrape();
  CHECK(f.batches.size() == 1);
}

}  // namespace
}  // namespace rankwire::host_metrics
