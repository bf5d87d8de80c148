#include "queue/queue_tools.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "queue/queue.hpp"
#include "testing/fake_clock.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::queue {
namespace {

struct Fixture {
  Fixture() { open(); }
  void open() {
    auto opened = open_disk_queue({.batch = BatchPolicy{.min_size = 1}}, Signal::metrics, {.directory = directory},
                                  *files, clock, log);
    REQUIRE(opened);
    queue = std::move(*opened);
  }
  void push(std::string_view text, std::uint64_t records) {
    WireBatch batch{.signal = Signal::metrics, .record_count = records, .size = {text.size()}};
    batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(text)));
    REQUIRE(queue->push(std::move(batch), {}));
    clock.advance(std::chrono::seconds(10));
  }
  QueueReport report() {
    auto found = inspect(*files, directory);
    REQUIRE(found);
    return *found;
  }
  std::string replayed() {
    std::string text;
    const auto count = replay(*files, directory, [&](const WireBatch& batch) -> Result<void> {
      CHECK(batch.signal == Signal::metrics);
      text += batch.chunks.at(0)->view();
      text += '|';
      return {};
    });
    REQUIRE(count);
    return text;
  }
  void flip_in(const std::string& text) {
    const std::string path = directory + "/0000000000000001.segment";
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(bytes.find(text)));
    out.put('#');
  }

  testing::TemporaryDirectory temporary;
  const std::string directory = temporary.file("metrics");
  testing::FakeClock clock;
  NullLogger log;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  std::unique_ptr<Queue> queue;
};

}  // namespace

TEST_CASE("inspect counts what is stored and what is acknowledged, also while the queue is in use") {
  Fixture f;
  f.push("one", 3);
  f.push("two", 4);
  f.queue->pop({})->done();
  auto report = f.report();
  CHECK(report.is_in_use);
  CHECK(report.is_intact());
  CHECK(report.signal == Signal::metrics);
  CHECK(report.total.stored == 2);
  CHECK(report.total.records == 7);
  CHECK(report.total.stored_done == 1);
  CHECK(report.total.records_done == 3);
  CHECK(report.total.oldest_unix_nanos == report.total.newest_unix_nanos);
  f.queue.reset();
  report = f.report();
  CHECK(!report.is_in_use);
  CHECK(report.segments.at(0).is_sealed);
  CHECK(to_text(report, true).find("2 stored (7 records), 1 of them acknowledged (3 records)") != std::string::npos);
}

TEST_CASE("verify finds damage and says how much") {
  Fixture f;
  f.push("one", 3);
  f.push("damaged", 4);
  f.push("three", 5);
  f.queue.reset();
  f.flip_in("damaged");
  const auto report = f.report();
  CHECK(!report.is_intact());
  CHECK(report.total.damaged == 1);
  CHECK(report.total.records == 8);
  CHECK(to_text(report, false).find("DAMAGED at 1 places") != std::string::npos);
}

TEST_CASE("replay hands over what is intact and not acknowledged, and changes nothing") {
  Fixture f;
  f.push("done", 1);
  f.push("damaged", 1);
  f.push("kept", 1);
  f.push("last", 1);
  f.queue->pop({})->done();
  f.queue.reset();
  f.flip_in("damaged");
  CHECK(f.replayed() == "kept|last|");
  CHECK(f.replayed() == "kept|last|");
  f.open();
  CHECK(f.queue->status().records == 3);
}

TEST_CASE("replay stops at the first error of its sink") {
  Fixture f;
  f.push("one", 1);
  f.push("two", 1);
  f.queue.reset();
  int calls = 0;
  const auto result = replay(*f.files, f.directory, [&](const WireBatch&) -> Result<void> {
    ++calls;
    return Error(ErrorKind::unavailable, "down");
  });
  CHECK(!result);
  CHECK(calls == 1);
}

TEST_CASE("a directory without a queue is refused, and queues are found below a storage directory") {
  Fixture f;
  CHECK(inspect(*f.files, f.temporary.path()).error().kind() == ErrorKind::invalid);
  f.push("one", 1);
  const auto found = find_queues(*f.files, f.temporary.path());
  REQUIRE(found);
  CHECK(*found == std::vector<std::string>{f.directory});
}

}  // namespace rankwire::queue
