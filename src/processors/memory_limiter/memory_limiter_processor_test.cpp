#include "processors/memory_limiter/memory_limiter_processor.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "processors/memory_limiter/total_memory.hpp"
#include "testing/processor_test.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::memory_limiter {
namespace {

struct Fixture : testing::ProcessorFixture {
  Fixture() : ProcessorFixture(memory_limiter_factory()) {}
  MemoryLimit limit(const std::string& yaml) {
    auto processor = make(yaml);
    REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
    CHECK((*processor)->is_setting());
    const auto limit = (*processor)->memory_limit();
    REQUIRE(limit);
    return *limit;
  }
};

struct FakeRoot {
  void write(const std::string& path, const std::string& text) {
    const std::string whole = directory.path() + path;
    std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
    std::ofstream(whole) << text;
  }
  Result<Bytes> total() { return total_memory(*files, directory.path()); }

  testing::TemporaryDirectory directory;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
};

}  // namespace

TEST_CASE("limit and spike are those configured, and the spike is a fifth by default") {
  Fixture f;
  const auto plain = f.limit("{check_interval: 1s, limit_mib: 100}");
  CHECK(plain.limit == 100_MiB);
  CHECK(plain.spike == 20_MiB);
  CHECK(plain.check_interval == std::chrono::seconds(1));
  CHECK(f.limit("{check_interval: 1s, limit_mib: 100, spike_limit_mib: 30}").spike == 30_MiB);
}

TEST_CASE("limit_mib wins over limit_percentage") {
  Fixture f;
  CHECK(f.limit("{check_interval: 1s, limit_mib: 100, limit_percentage: 50}").limit == 100_MiB);
}

TEST_CASE("a percentage is of the memory this process may have") {
  Fixture f;
  const auto total = total_memory(*f.environment.files);
  REQUIRE(total);
  const auto limit = f.limit("{check_interval: 1s, limit_percentage: 50, spike_limit_percentage: 10}");
  CHECK(limit.limit.count == total->count / 100 * 50);
  CHECK(limit.spike.count == total->count / 100 * 10);
}

TEST_CASE("what makes no sense is an error") {
  Fixture f;
  CHECK(f.refusal("{limit_mib: 100}").find("check_interval") != std::string::npos);
  CHECK(f.refusal("{check_interval: 0s, limit_mib: 100}").find("greater than zero") != std::string::npos);
  CHECK(f.refusal("{check_interval: 1s}").find("limit_mib or limit_percentage") != std::string::npos);
  CHECK(f.refusal("{check_interval: 1s, limit_mib: 10, spike_limit_mib: 10}").find("smaller") != std::string::npos);
  CHECK(!f.refusal("{check_interval: 1s, limit_percentage: 101}").empty());
}

TEST_CASE("knobs of Go's garbage collector are accepted with a warning") {
  config::Diagnostics diagnostics;
  const auto node = config::parse_yaml("{check_interval: 1s, limit_mib: 100, min_gc_interval_when_soft_limited: 10s}",
                                       "test", diagnostics);
  (void)memory_limiter_factory().parse(node, "memory_limiter", diagnostics);
  CHECK(!diagnostics.has_errors());
  CHECK(diagnostics.all().size() == 1);
}

TEST_CASE("the memory is the machine's, unless a control group allows less") {
  FakeRoot root;
  CHECK(!root.total());
  root.write("/proc/meminfo", "MemTotal:       16384 kB\nMemFree: 5 kB\n");
  CHECK(*root.total() == 16_MiB);
  SUBCASE("version 2, own group") {
    root.write("/proc/self/cgroup", "0::/kubepods/pod1\n");
    root.write("/sys/fs/cgroup/kubepods/pod1/memory.max", "1048576\n");
    CHECK(*root.total() == 1_MiB);
  }
  SUBCASE("version 2, a parent") {
    root.write("/proc/self/cgroup", "0::/kubepods/pod1\n");
    root.write("/sys/fs/cgroup/kubepods/memory.max", "2097152\n");
    root.write("/sys/fs/cgroup/kubepods/pod1/memory.max", "max\n");
    CHECK(*root.total() == 2_MiB);
  }
  SUBCASE("version 2, in a container") {
    root.write("/proc/self/cgroup", "0::/\n");
    root.write("/sys/fs/cgroup/memory.max", "3145728\n");
    CHECK(*root.total() == 3_MiB);
  }
  SUBCASE("version 1") {
    root.write("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/1\n");
    root.write("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "4194304\n");
    root.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    CHECK(*root.total() == 4_MiB);
  }
  SUBCASE("unlimited") {
    root.write("/proc/self/cgroup", "0::/\n");
    root.write("/sys/fs/cgroup/memory.max", "max\n");
    CHECK(*root.total() == 16_MiB);
  }
}

}  // namespace rankwire::memory_limiter
