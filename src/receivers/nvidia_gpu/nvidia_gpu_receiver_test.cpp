// The receiver over a stand-in for NVIDIA's library: whole, lost and divided GPUs, and machines without any.
#include "receivers/nvidia_gpu/nvidia_gpu_receiver.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <fstream>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"
#include "testing/metric_batches.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::nvidia_gpu {
namespace {

using std::chrono::seconds;
using Lines = std::vector<std::string>;

class StandIn {
 public:
  StandIn() : library_(::dlopen(NVML_STAND_IN, RTLD_NOW)) {
    REQUIRE(library_ != nullptr);
    call<>("stand_in_reset");
  }
  ~StandIn() { ::dlclose(library_); }
  void lose(std::uint32_t gpu) { call<std::uint32_t>("stand_in_lose", gpu); }
  void unload(bool is_unloaded) { call<bool>("stand_in_unload", is_unloaded); }
  void run(std::uint32_t process) { call<std::uint32_t>("stand_in_run", process); }
  void report(std::uint32_t gpu, std::uint64_t type, std::uint64_t data) {
    call<std::uint32_t, std::uint64_t, std::uint64_t>("stand_in_report", gpu, type, data);
  }

 private:
  template <class... A>
  void call(const char* name, A... arguments) {
    reinterpret_cast<void (*)(A...)>(::dlsym(library_, name))(arguments...);
  }

  void* const library_;
};

struct Fixture {
  void start(const std::string& library = NVML_STAND_IN, const std::string& more = "") {
    config::Diagnostics diagnostics;
    const std::string yaml =
        "{initial_delay: 0s, root_path: " + directory.path() + ", library: " + library + more + "}";
    const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
    const AnyConfig config = nvidia_gpu_factory().parse(node, "nvidia_gpu", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made =
        nvidia_gpu_factory().create(config, environment.context("nvidia_gpu"), {.logs = &logs, .metrics = &metrics});
    REQUIRE(made);
    receiver = std::move(*made);
    REQUIRE(receiver->start(host));
  }
  void stop() { receiver->stop(Deadline::never()); }
  // Points of the last batch whose lines begin so.
  Lines points(const std::string& beginning) {
    Lines found;
    for (const std::string& line : testing::point_lines(metrics.taken().back().batch))
      if (line.starts_with(beginning)) found.push_back(line.substr(0, line.find(" @")));
    return found;
  }
  std::string labels(int gpu, const std::string& more = "") const {
    const std::string n = std::to_string(gpu);
    const std::string address = gpu == 0 ? "3a" : gpu == 1 ? "3b" : "3c";
    return "{gpu=" + n + ",UUID=GPU-00000000-0000-0000-0000-00000000000" + n + ",pci_bus_id=0000:" + address +
           ":00.0,device=nvidia" + n + ",modelName=NVIDIA Test GPU,DCGM_FI_DRIVER_VERSION=550.54.15" + more + "}";
  }
  void put_process(const std::string& container) {
    std::filesystem::create_directories(directory.file("proc/812"));
    std::ofstream(directory.file("proc/812/comm")) << "python\n";
    std::ofstream(directory.file("proc/812/cgroup"))
        << "0::/kubepods/pod2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b/" << container << "\n";
  }

  StandIn library;
  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  testing::NoExtensions host;
  testing::RecordingIntake logs, metrics;
  std::unique_ptr<Receiver> receiver;
};

TEST_CASE("every GPU is read, with DCGM exporter's names and labels") {
  Fixture f;
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  CHECK(f.points("DCGM_FI_DEV_GPU_UTIL") == Lines{"DCGM_FI_DEV_GPU_UTIL" + f.labels(0) + " 90",
                                                  "DCGM_FI_DEV_GPU_UTIL" + f.labels(1) + " 91",
                                                  "DCGM_FI_DEV_GPU_UTIL" + f.labels(2) + " 92"});
  const auto first = [&](const std::string& name) {
    const Lines found = f.points(name + "{");
    REQUIRE_MESSAGE(!found.empty(), name);
    return found[0].substr(found[0].rfind(' ') + 1);
  };
  CHECK(first("DCGM_FI_DEV_POWER_USAGE") == "412.5r");
  CHECK(first("DCGM_FI_DEV_ENFORCED_POWER_LIMIT") == "700r");
  CHECK(first("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION") == "9000000000");
  CHECK(first("DCGM_FI_DEV_FB_TOTAL") == "81920");
  CHECK(first("DCGM_FI_DEV_FB_USED") == "61440");
  CHECK(first("DCGM_FI_DEV_FB_RESERVED") == "512");
  CHECK(first("DCGM_FI_DEV_SM_CLOCK") == "1001");
  CHECK(first("DCGM_FI_DEV_MEM_CLOCK") == "1002");
  CHECK(first("DCGM_FI_DEV_GPU_TEMP") == "64");
  CHECK(first("DCGM_FI_DEV_MEMORY_TEMP") == "71");
  CHECK(first("DCGM_FI_DEV_POWER_VIOLATION") == "5000000");
  CHECK(first("DCGM_FI_DEV_THERMAL_VIOLATION") == "7000000");
  CHECK(first("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL") == "10");
  CHECK(first("DCGM_FI_DEV_ECC_DBE_AGG_TOTAL") == "21");
  CHECK(first("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS") == "1");
  CHECK(first("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS") == "2");
  CHECK(first("DCGM_FI_DEV_ROW_REMAP_PENDING") == "1");
  CHECK(first("DCGM_FI_DEV_ROW_REMAP_FAILURE") == "0");
  CHECK(first("DCGM_FI_DEV_PCIE_TX_THROUGHPUT") == "1500");
  CHECK(first("DCGM_FI_DEV_PCIE_LINK_GEN") == "5");
  CHECK(first("DCGM_FI_DEV_PCIE_REPLAY_COUNTER") == "3");
  CHECK(first("hw.gpu.nvlink.active") == "3");
  CHECK(first("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL") == "6");
  CHECK(first("DCGM_FI_DEV_XID_ERRORS") == "0");
  CHECK(f.points("hw.gpu.nvlink.io" + f.labels(0, ",network.io.direction=transmit")).size() == 1);
  CHECK(f.points("DCGM_FI_DEV_SYNC_BOOST_VIOLATION").empty());
  CHECK(f.points("DCGM_FI_DEV_FAN_SPEED").empty());
  CHECK(f.points("DCGM_FI_DEV_NVLINK_CRC_DATA").empty());
}

TEST_CASE("what keeps clocks down is a bitmask and words") {
  Fixture f;
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  CHECK(f.points("DCGM_FI_DEV_CLOCKS_EVENT_REASONS" + f.labels(0)) ==
        Lines{"DCGM_FI_DEV_CLOCKS_EVENT_REASONS" + f.labels(0) + " 68"});
  const auto throttled = [&](const std::string& reason) {
    return f.points("hw.gpu.throttled" + f.labels(0, ",reason=" + reason)).at(0).back();
  };
  CHECK(throttled("software_power_cap") == '1');
  CHECK(throttled("hardware_thermal") == '1');
  CHECK(throttled("gpu_idle") == '0');
}

TEST_CASE("a GPU that is lost is told as failed, and the others go on") {
  Fixture f;
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.library.lose(1);
  f.environment.clock.advance(seconds(15));
  REQUIRE(f.metrics.wait_for(2));
  f.stop();
  CHECK(f.points("DCGM_FI_DEV_GPU_UTIL").size() == 2);
  CHECK(f.points("hw.status" + f.labels(1, ",hw.state=ok")).at(0).back() == '0');
  CHECK(f.points("hw.status" + f.labels(1, ",hw.state=failed")).at(0).back() == '1');
  CHECK(f.points("hw.status" + f.labels(0, ",hw.state=ok")).at(0).back() == '1');
  CHECK(f.environment.counters.total("rankwire_nvidia_gpu_failures_total") == 1);
}

TEST_CASE("a GPU that is lost from the start is one more that is told as failed") {
  Fixture f;
  f.library.lose(0);
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  CHECK(f.points("DCGM_FI_DEV_GPU_UTIL").size() == 2);
  CHECK(f.points("hw.status{gpu=0,DCGM_FI_DRIVER_VERSION=550.54.15,hw.state=failed}").at(0).back() == '1');
}

TEST_CASE("parts of a divided GPU tell their memory") {
  Fixture f;
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  const Lines used = f.points("DCGM_FI_DEV_FB_USED");
  REQUIRE(used.size() == 5);
  CHECK(used[3].find("gpu=2,UUID=GPU-00000000-0000-0000-0000-000000000002,") != std::string::npos);
  CHECK(used[3].find("GPU_I_ID=7,GPU_I_PROFILE=1g.5gb") != std::string::npos);
  CHECK(used[4].find("GPU_I_ID=8,GPU_I_PROFILE=1g.5gb") != std::string::npos);
  CHECK(f.points("DCGM_FI_DEV_MIG_MODE" + f.labels(2)).at(0).back() == '1');
}

TEST_CASE("processes tell what they use, with their container and pod") {
  Fixture f;
  const std::string container(64, 'c');
  f.put_process(container);
  f.library.run(812);
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  const MetricBatch& batch = f.metrics.taken()[0].batch.metrics();
  REQUIRE(batch.resources.size() == 2);
  CHECK(testing::text_of(batch.resources[1].resource.attributes) ==
        "{process.pid=812,process.executable.name=python,container.id=" + container +
            ",k8s.pod.uid=2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b}");
  CHECK(f.points("hw.gpu.process.memory.usage") == Lines{"hw.gpu.process.memory.usage" + f.labels(0) + " 2147483648"});
}

TEST_CASE("processes are left out where nobody wants them") {
  Fixture f;
  f.library.run(812);
  f.start(NVML_STAND_IN, ", processes: false");
  REQUIRE(f.metrics.wait_for(1));
  f.stop();
  CHECK(f.points("hw.gpu.process").empty());
}

TEST_CASE("an Xid is a log record within 100 ms, with what it means and whom it concerns") {
  Fixture f;
  const std::string container(64, 'c');
  f.put_process(container);
  f.library.run(812);
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  const auto before = std::chrono::steady_clock::now();
  f.library.report(0, event_type::xid, 79);
  REQUIRE(f.logs.wait_for(1));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(100));
  f.environment.clock.advance(seconds(15));
  REQUIRE(f.metrics.wait_for(2));
  f.stop();
  const LogBatch& batch = f.logs.taken()[0].batch.logs();
  CHECK(testing::text_of(batch.resources[0].resource.attributes) ==
        "{container.id=" + container + ",k8s.pod.uid=2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b}");
  const LogRecord& record = batch.resources[0].scopes[0].records[0];
  CHECK(record.event_name == "hw.gpu.xid");
  CHECK(record.severity_number == 17);
  CHECK(record.body.text() == "GPU 0: Xid 79: the GPU has fallen off the bus");
  CHECK(testing::text_of(record.attributes) ==
        "{hw.type=gpu,hw.vendor=NVIDIA,hw.id=GPU-00000000-0000-0000-0000-000000000000,hw.model=NVIDIA Test GPU,"
        "hw.pci.address=0000:3a:00.0,hw.gpu.index=0,hw.gpu.xid.code=79,hw.gpu.xid.meaning=the GPU has fallen off the "
        "bus,hw.gpu.xid.cause=hardware,hw.gpu.xid.action=restart_machine,process.pids=[812]}");
  CHECK(f.points("DCGM_FI_DEV_XID_ERRORS" + f.labels(0)).at(0).ends_with(" 79"));
}

TEST_CASE("an event waits for a full pipeline, and what a stop finds waiting is counted") {
  Fixture f;
  f.logs.set_failure(Error(ErrorKind::refused, "full"));
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.library.report(1, event_type::double_bit_error, 0);
  REQUIRE(f.logs.wait_for_attempts(1));
  f.logs.set_failure({});
  while (f.logs.records() == 0) {
    f.environment.clock.advance(seconds(1));
    std::this_thread::yield();
  }
  f.logs.set_failure(Error(ErrorKind::refused, "full"));
  f.library.report(1, event_type::xid, 48);
  REQUIRE(f.logs.wait_for_attempts(2));
  f.stop();
  CHECK(f.logs.records() == 1);
  CHECK(f.logs.dropped("shutdown") == 1);
}

TEST_CASE("a machine without the library is healthy, and is looked at again") {
  Fixture f;
  f.start(f.directory.file("libnvidia-ml.so.1"));
  f.environment.clock.advance(seconds(15));
  std::filesystem::create_symlink(NVML_STAND_IN, f.directory.file("libnvidia-ml.so.1"));
  while (f.metrics.records() == 0) {
    f.environment.clock.advance(seconds(15));
    std::this_thread::yield();
  }
  CHECK(!f.receiver->unhealthy());
  f.stop();
  CHECK(f.points("DCGM_FI_DEV_GPU_UTIL").size() == 3);
}

TEST_CASE("a driver that is unloaded and comes back is found again") {
  Fixture f;
  f.start();
  REQUIRE(f.metrics.wait_for(1));
  f.library.unload(true);
  Gauge& devices = f.environment.counters.gauge("rankwire_nvidia_gpu_devices", "", {{"receiver", "nvidia_gpu"}});
  while (devices.value() != 0) {
    f.environment.clock.advance(seconds(15));
    std::this_thread::yield();
  }
  f.library.unload(false);
  while (devices.value() != 3) {
    f.environment.clock.advance(seconds(15));
    std::this_thread::yield();
  }
  f.stop();
}

TEST_CASE("another library in its place is told apart") { CHECK(!Nvml::open("libm.so.6")); }

}  // namespace
}  // namespace rankwire::nvidia_gpu
