// cpu, load, memory and network: what they make of the kernel's files.
#include "receivers/host_metrics/host_fixture.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr const char* two_cpus =
    "cpu  300 20 50 4000 20 2 4 0 0 0\n"
    "cpu0 100 10 20 2000 10 1 2 3 50 0\n"
    "cpu1 200 10 30 2000 10 1 2 0 0 0\n"
    "intr 1 2 3\nctxt 5\nbtime 1600000000\nprocesses 77\nprocs_running 2\nprocs_blocked 1\n";

TEST_CASE("cpu: seconds of each CPU by state, since the machine started") {
  HostFixture f("{cpu: }");
  f.put("/proc/stat", two_cpus);
  const Lines lines = f.scrape();
  CHECK(lines.size() == 16);
  CHECK(lines[0] == "system.cpu.time{cpu=cpu0,state=user} 1r");
  CHECK(f.scrape("system.cpu.time{cpu=cpu0,state=i") ==
        Lines{"system.cpu.time{cpu=cpu0,state=idle} 20r", "system.cpu.time{cpu=cpu0,state=interrupt} 0.01r"});
  CHECK(f.scrape("system.cpu.time{cpu=cpu0,state=w") == Lines{"system.cpu.time{cpu=cpu0,state=wait} 0.1r"});
  CHECK(f.scrape("system.cpu.time{cpu=cpu0,state=st") == Lines{"system.cpu.time{cpu=cpu0,state=steal} 0.03r"});
  CHECK(f.scrape("system.cpu.time{cpu=cpu1,state=user") == Lines{"system.cpu.time{cpu=cpu1,state=user} 2r"});
  CHECK(testing::point_lines(f.batches[0])[0].find("@1600000000000000000-17000000") != std::string::npos);
  const Metric& time = f.batches[0].metrics().resources[0].scopes[0].records[0];
  CHECK(time.is_monotonic);
  CHECK(time.unit == "s");
  CHECK(time.temporality == Temporality::cumulative);
}

TEST_CASE("cpu: utilization is of the time between two scrapes, and its parts add up to 1") {
  HostFixture f("{cpu: {metrics: {system.cpu.time: {enabled: false}, system.cpu.utilization: {enabled: true}}}}");
  f.put("/proc/stat", two_cpus);
  CHECK(f.scrape().empty());
  // A CPU appears, another goes; idle time falls.
  f.put("/proc/stat", "cpu  1\ncpu0 150 10 40 1999 40 1 2 3 90 0\ncpu2 1 1 1 1 1 1 1 1 0 0\nbtime 1600000000\n");
  CHECK(f.scrape() ==
        Lines{"system.cpu.utilization{cpu=cpu0,state=user} 0.5r", "system.cpu.utilization{cpu=cpu0,state=nice} 0r",
              "system.cpu.utilization{cpu=cpu0,state=system} 0.2r", "system.cpu.utilization{cpu=cpu0,state=idle} 0r",
              "system.cpu.utilization{cpu=cpu0,state=wait} 0.3r", "system.cpu.utilization{cpu=cpu0,state=interrupt} 0r",
              "system.cpu.utilization{cpu=cpu0,state=softirq} 0r", "system.cpu.utilization{cpu=cpu0,state=steal} 0r"});
}

TEST_CASE("cpu: counts and clocks") {
  HostFixture f(
      "{cpu: {metrics: {system.cpu.time: {enabled: false}, system.cpu.logical.count: {enabled: true}, "
      "system.cpu.physical.count: {enabled: true}, system.cpu.frequency: {enabled: true}}}}");
  f.put("/proc/stat", two_cpus);
  f.put("/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2500.5\n\nprocessor\t: 1\ncpu MHz\t\t: 800\n");
  f.put("/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0-1\n");
  f.put("/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "0-1\n");
  f.put("/sys/devices/system/cpu/cpufreq/boost", "1\n");
  CHECK(f.scrape() == Lines{"system.cpu.logical.count{} 2", "system.cpu.physical.count{} 1",
                            "system.cpu.frequency{cpu=cpu0} 2.5005e+09r", "system.cpu.frequency{cpu=cpu1} 8e+08r"});
  CHECK(f.problems.empty());
  f.remove("/sys/devices");
  CHECK(f.scrape() == Lines{"system.cpu.logical.count{} 2"});
  CHECK(f.has_problem("/sys/devices/system/cpu"));
}

TEST_CASE("points that differ in unwanted attributes only become one") {
  const auto of = [](const std::string& settings) {
    HostFixture f("{cpu: {metrics: {system.cpu.time: {" + settings + "}}}}");
    f.put("/proc/stat", "cpu  1\ncpu0 100 0 300 0 0 0 0 0\ncpu1 200 0 100 0 0 0 0 0\n");
    Lines lines = f.scrape();
    std::erase_if(lines, [](const std::string& line) {
      return line.find("state=") != std::string::npos && line.find("state=user") == std::string::npos &&
             line.find("state=system") == std::string::npos;
    });
    return lines;
  };
  CHECK(of("attributes: [state]") == Lines{"system.cpu.time{state=user} 3r", "system.cpu.time{state=system} 4r"});
  CHECK(of("attributes: [state], aggregation_strategy: avg") ==
        Lines{"system.cpu.time{state=user} 1.5r", "system.cpu.time{state=system} 2r"});
  CHECK(of("attributes: [state], aggregation_strategy: min") ==
        Lines{"system.cpu.time{state=user} 1r", "system.cpu.time{state=system} 1r"});
  CHECK(of("attributes: [cpu], aggregation_strategy: max") ==
        Lines{"system.cpu.time{cpu=cpu0} 3r", "system.cpu.time{cpu=cpu1} 2r"});
  CHECK(of("attributes: []") == Lines{"system.cpu.time{} 7r"});
}

TEST_CASE("load: averages, of the machine or of each CPU") {
  HostFixture f("{load: }");
  f.put("/proc/loadavg", "1.50 0.75 0.25 2/300 12345\n");
  CHECK(f.scrape() == Lines{"system.cpu.load_average.1m{} 1.5r", "system.cpu.load_average.5m{} 0.75r",
                            "system.cpu.load_average.15m{} 0.25r"});
  f.configure("{load: {cpu_average: true}}");
  CHECK(f.scrape().empty());
  CHECK(f.has_problem("number of CPUs"));
  f.put("/proc/stat", two_cpus);
  CHECK(f.scrape("system.cpu.load_average.1m") == Lines{"system.cpu.load_average.1m{} 0.75r"});
}

TEST_CASE("memory: by use, in bytes") {
  HostFixture f("{memory: }");
  f.put("/proc/meminfo",
        "MemTotal: 1000 kB\nMemFree: 200 kB\nMemAvailable: 600 kB\nBuffers: 50 kB\nCached: 300 kB\n"
        "SReclaimable: 20 kB\nSUnreclaim: 10 kB\n");
  CHECK(f.scrape() == Lines{"system.memory.usage{state=used} 409600", "system.memory.usage{state=free} 204800",
                            "system.memory.usage{state=buffered} 51200", "system.memory.usage{state=cached} 327680",
                            "system.memory.usage{state=slab_reclaimable} 20480",
                            "system.memory.usage{state=slab_unreclaimable} 10240"});
  f.put("/proc/meminfo", "MemFree: 200 kB\n");
  CHECK(f.scrape().empty());
  CHECK(f.has_problem("MemTotal"));
}

TEST_CASE("memory: everything that can be switched on") {
  std::string metrics;
  for (const MetricSpec& spec : memory_metrics) metrics += std::string(spec.name) + ": {enabled: true}, ";
  HostFixture f("{memory: {metrics: {" + metrics + "}}}");
  f.put("/proc/meminfo",
        "MemTotal: 1000 kB\nMemFree: 250 kB\nBuffers: 0 kB\nCached: 0 kB\nDirty: 3 kB\nShmem: 2 kB\n"
        "HugePages_Total: 8\nHugePages_Free: 6\nHugePages_Rsvd: 1\nHugePages_Surp: 2\nHugepagesize: 2048 kB\n");
  const Lines lines = f.scrape();
  const auto has = [&](const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  CHECK(has("system.memory.utilization{state=free} 0.25r"));
  CHECK(has("system.memory.utilization{state=used} 0.75r"));  // A kernel without MemAvailable.
  CHECK(has("system.linux.memory.available{} 256000"));
  CHECK(has("system.linux.memory.dirty{} 3072"));
  CHECK(has("system.memory.linux.shared{} 2048"));
  CHECK(has("system.memory.limit{} 1024000"));
  CHECK(has("system.memory.linux.hugepages.limit{} 8"));
  CHECK(has("system.memory.linux.hugepages.page_size{} 2097152"));
  CHECK(has("system.memory.linux.hugepages.reserved{} 1"));
  CHECK(has("system.memory.linux.hugepages.surplus{} 2"));
  CHECK(has("system.memory.linux.hugepages.usage{system.memory.linux.hugepages.state=used} 2"));
  CHECK(has("system.memory.linux.hugepages.utilization{system.memory.linux.hugepages.state=free} 0.75r"));
}

constexpr const char* interfaces =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n"
    "    lo: 10 1 2 3 0 0 0 0 20 4 5 6 0 0 0 0\n"
    "  eth0:1000 100 0 0 0 0 0 0 2000 200 0 0 0 0 0 0\n";

TEST_CASE("network: interfaces by direction, filtered by name") {
  HostFixture f("{network: {exclude: {interfaces: ['^e'], match_type: regexp}}}");
  f.put("/proc/1/net/dev", interfaces);
  CHECK(f.scrape() == Lines{"system.network.io{device=lo,direction=receive} 10",
                            "system.network.io{device=lo,direction=transmit} 20",
                            "system.network.packets{device=lo,direction=receive} 1",
                            "system.network.packets{device=lo,direction=transmit} 4",
                            "system.network.errors{device=lo,direction=receive} 2",
                            "system.network.errors{device=lo,direction=transmit} 5",
                            "system.network.dropped{device=lo,direction=receive} 3",
                            "system.network.dropped{device=lo,direction=transmit} 6"});
  CHECK(f.has_problem("/proc/1/net/tcp"));
  f.configure("{network: {include: {interfaces: [eth0], match_type: strict}}}");
  CHECK(f.scrape("system.network.io") == Lines{"system.network.io{device=eth0,direction=receive} 1000",
                                               "system.network.io{device=eth0,direction=transmit} 2000"});
}

TEST_CASE("network: TCP connections by state, also where there are many") {
  HostFixture f("{network: {metrics: {system.network.io: {enabled: false}}}}");
  f.put("/proc/1/net/dev", "");
  std::string tcp = "  sl  local_address rem_address   st tx_queue rx_queue\n";
  for (int i = 0; i < 3000; ++i) tcp += "   0: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000\n";
  tcp += "   1: 0100007F:1F90 00000000:0000 0A 0:0\n   2: 0100007F:1F90 00000000:0000 0C 0:0\n   3: a b ZZ\n   4:\n";
  f.put("/proc/1/net/tcp", tcp);
  f.put("/proc/1/net/tcp6", "heading\n   0: 0:0 0:0 06 0:0");
  const Lines lines = f.scrape();
  CHECK(lines.size() == 11);
  CHECK(lines[0] == "system.network.connections{protocol=tcp,state=ESTABLISHED} 3000");
  CHECK(lines[2] == "system.network.connections{protocol=tcp,state=SYN_RECV} 1");
  CHECK(lines[9] == "system.network.connections{protocol=tcp,state=LISTEN} 1");
  CHECK(f.problems.empty());
}

TEST_CASE("network: tracked connections, where the kernel does so") {
  HostFixture f(
      "{network: {metrics: {system.network.connections: {enabled: false}, system.network.conntrack.count: {enabled: "
      "true}, system.network.conntrack.max: {enabled: true}}}}");
  f.put("/proc/net/dev", interfaces);
  CHECK(f.scrape("system.network.conntrack").empty());
  CHECK(f.has_problem("nf_conntrack_count"));
  f.put("/proc/sys/net/netfilter/nf_conntrack_count", "12\n");
  f.put("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n");
  CHECK(f.scrape("system.network.conntrack") ==
        Lines{"system.network.conntrack.count{} 12", "system.network.conntrack.max{} 262144"});
}

TEST_CASE("a file that is not there is told, and the other scrapers go on") {
  HostFixture f("{cpu: , load: , memory: , network: }");
  f.put("/proc/loadavg", "1 2 3");
  CHECK(f.scrape().size() == 3);
  CHECK(f.problems.size() == 3);
  CHECK(f.has_problem(f.path() + "/proc/stat: no such file"));
}

TEST_CASE("all figures of the host are one resource, with a scope for each scraper") {
  HostFixture f("{load: , memory: }");
  f.put("/proc/loadavg", "1 2 3");
  f.put("/proc/meminfo", "MemTotal: 1000 kB\n");
  (void)f.scrape();
  REQUIRE(f.batches.size() == 1);
  const MetricBatch& batch = f.batches[0].metrics();
  REQUIRE(batch.resources.size() == 1);
  CHECK(batch.resources[0].schema_url == "https://opentelemetry.io/schemas/1.9.0");
  REQUIRE(batch.resources[0].scopes.size() == 2);
  CHECK(batch.resources[0].scopes[1].scope.name.ends_with("/internal/scraper/memoryscraper"));
}

}  // namespace
}  // namespace rankwire::host_metrics
