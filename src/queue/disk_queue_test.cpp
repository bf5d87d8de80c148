#include <doctest/doctest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

#include "base/worker.hpp"
#include "queue/queue.hpp"
#include "queue/segment_format.hpp"
#include "testing/fake_clock.hpp"
#include "testing/faulty_file_system.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::queue {
namespace {

struct Fixture {
  testing::TemporaryDirectory temporary;
  const std::string directory = temporary.file("queue");
  QueuePolicy policy;
  DiskQueueOptions options{.directory = directory};

  Result<std::unique_ptr<Queue>> try_open(Signal signal = Signal::logs) {
    return open_disk_queue(policy, signal, options, disk, clock, log);
  }
  void open() {
    queue.reset();
    auto opened = try_open();
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message()));
    queue = std::move(*opened);
  }
  Result<void> push(std::string_view text, std::uint64_t records = 1) {
    WireBatch batch;
    batch.record_count = records;
    batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(text)));
    batch.size = {text.size()};
    return queue->push(std::move(batch), {});
  }
  // Everything that is left, in order; acknowledged.
  std::string drain() {
    queue->close();
    std::string text;
    while (auto lease = queue->pop({})) {
      for (const auto& chunk : lease->batch().chunks) text += chunk->view();
      lease->done();
    }
    return text;
  }
  std::vector<std::string> files(std::string_view suffix) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      if (entry.path().string().ends_with(suffix)) names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string only_segment() const {
    const auto names = files(segment_suffix);
    REQUIRE(names.size() == 1);
    return names.front();
  }
  void flip(const std::string& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 0x20);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  // Where the text lies in the only segment.
  std::uint64_t place_of(const std::string& text) {
    std::ifstream file(only_segment(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    REQUIRE(bytes.find(text) != std::string::npos);
    return bytes.find(text);
  }

  testing::FakeClock clock;
  NullLogger log;
  std::unique_ptr<FileSystem> real = make_posix_file_system();
  testing::FaultyFileSystem disk{*real};
  std::unique_ptr<Queue> queue;
};

}  // namespace

TEST_CASE("what was pushed survives a restart, in order") {
  Fixture f;
  f.open();
  REQUIRE(f.push("one,", 3));
  REQUIRE(f.push("two,", 4));
  f.open();
  CHECK(f.queue->status().records == 7);
  CHECK(f.queue->status().size == 2);
  REQUIRE(f.push("three"));
  CHECK(f.drain() == "one,two,three");
  CHECK(f.queue->status().records == 0);
  CHECK(f.queue->status().size == 0);
  CHECK(f.queue->status().memory == 0_B);
}

TEST_CASE("what was acknowledged does not come back, what was only leased does") {
  Fixture f;
  f.policy.batch = BatchPolicy{.min_size = 1};
  f.open();
  for (const char* text : {"a", "b", "c", "d"}) REQUIRE(f.push(text));
  {
    auto a = f.queue->pop({});
    auto b = f.queue->pop({});
    auto c = f.queue->pop({});
    b->done();
  }
  f.open();
  CHECK(f.queue->status().records == 3);
  CHECK(f.drain() == "acd");
}

TEST_CASE("an empty queue leaves no segments behind") {
  Fixture f;
  f.open();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(f.push(std::string(300'000, 'x')));
    f.queue->pop({})->done();
    CHECK(f.queue->status().disk < 3_MiB);
  }
  f.queue.reset();
  CHECK(f.files(segment_suffix).empty());
  CHECK(f.files(ack_suffix).empty());
}

TEST_CASE("a backlog is read back from disk with little in memory, and its space is freed as it goes") {
  Fixture f;
  f.policy.queue_size = 100'000;
  f.open();
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 48; ++i) REQUIRE(f.push(text));
  CHECK(f.queue->status().memory <= 5_MiB);
  CHECK(f.queue->status().disk > 48_MiB);
  CHECK(f.files(segment_suffix).size() >= 3);
  std::uint64_t records = 0;
  while (records < 40) {
    auto lease = f.queue->pop({});
    records += lease->batch().record_count;
    CHECK(f.queue->status().memory <= 10_MiB);
    lease->done();
  }
  CHECK(f.files(segment_suffix).size() <= 2);
  CHECK(f.drain().size() == (48 - records) << 20);
}

TEST_CASE("a torn final write is cut off and earlier records survive") {
  Fixture f;
  f.open();
  REQUIRE(f.push("first,"));
  REQUIRE(f.push("second"));
  f.disk.die_at(0, 44);
  CHECK(!f.push("third"));
  f.queue.reset();
  f.disk.heal();
  f.open();
  CHECK(f.queue->status().records == 2);
  CHECK(f.queue->status().records_corrupt == 0);
  CHECK(f.drain() == "first,second");
}

TEST_CASE("a damaged payload is skipped and counted, and its neighbours survive") {
  Fixture f;
  f.open();
  for (const char* text : {"one,", "damaged,", "three"}) REQUIRE(f.push(text, 10));
  f.queue.reset();
  f.flip(f.only_segment(), f.place_of("damaged"));
  f.open();
  CHECK(f.drain() == "one,three");
  CHECK(f.queue->status().records_corrupt == 1);
  CHECK(f.queue->status().lost_to_damage == 10);
  CHECK(f.queue->status().records == 0);
  f.queue.reset();
  CHECK(f.files(segment_suffix).empty());
}

TEST_CASE("a damaged record header costs only its record") {
  Fixture f;
  f.open();
  for (const char* text : {"one,", "damaged,", "three"}) REQUIRE(f.push(text, 10));
  f.queue.reset();
  f.flip(f.only_segment(), f.place_of("damaged") - record_header_size + 5);
  f.open();
  CHECK(f.drain() == "one,three");
  CHECK(f.queue->status().records_corrupt == 1);
  CHECK(f.queue->status().lost_to_damage == 10);
}

TEST_CASE("a payload that contains stored records is not taken for them after damage") {
  Fixture f;
  f.open();
  REQUIRE(f.push("inner"));
  f.queue.reset();
  std::ifstream file(f.only_segment(), std::ios::binary);
  const std::string segment(std::istreambuf_iterator<char>(file), {});
  f.open();
  REQUIRE(f.push(segment));
  REQUIRE(f.push("last"));
  f.queue.reset();
  const auto names = f.files(segment_suffix);
  REQUIRE(names.size() == 2);
  f.flip(names[1], segment_header_size + 5);
  f.open();
  CHECK(f.drain() == "innerlast");
}

TEST_CASE("a damaged segment header or a damaged seal costs nothing") {
  Fixture f;
  f.open();
  REQUIRE(f.push("one,"));
  REQUIRE(f.push("two"));
  f.queue.reset();
  SUBCASE("header") { f.flip(f.only_segment(), 20); }
  SUBCASE("version") { f.flip(f.only_segment(), 8); }
  SUBCASE("magic") { f.flip(f.only_segment(), 0); }
  SUBCASE("seal") { f.flip(f.only_segment(), std::filesystem::file_size(f.only_segment()) - 3); }
  f.open();
  CHECK(f.drain() == "one,two");
  CHECK(f.queue->status().records == 0);
}

TEST_CASE("an unreadable sector costs only the records in it") {
  Fixture f;
  f.open();
  const std::string big(6000, 'b');
  for (int i = 0; i < 5; ++i) REQUIRE(f.push(big));
  f.queue.reset();
  f.disk.break_sector(f.only_segment(), 8192, 12288);
  f.open();
  const std::string text = f.drain();
  CHECK(text.size() % 6000 == 0);
  CHECK(text.size() / 6000 >= 2);
  CHECK(f.queue->status().records_corrupt == 5 - text.size() / 6000);
}

TEST_CASE("a damaged acknowledgement sends again and loses nothing") {
  Fixture f;
  f.policy.batch = BatchPolicy{.min_size = 1};
  f.open();
  for (const char* text : {"a", "b", "c"}) REQUIRE(f.push(text));
  f.queue->pop({})->done();
  f.queue.reset();
  REQUIRE(f.files(ack_suffix).size() == 1);
  f.flip(f.files(ack_suffix)[0], 2);
  f.open();
  CHECK(f.drain() == "abc");
}

TEST_CASE("damage to what was acknowledged, seal included, does not make the rest look done") {
  Fixture f;
  f.policy.batch = BatchPolicy{.min_size = 1};
  f.open();
  for (const char* text : {"first", "second", "third"}) REQUIRE(f.push(text));
  for (int i = 0; i < 2; ++i) f.queue->pop({})->done();
  f.queue.reset();
  const std::string segment = f.only_segment();
  for (const char* text : {"first", "second"}) f.flip(segment, f.place_of(text) - record_header_size + 8);
  f.flip(segment, std::filesystem::file_size(segment) - 1);
  f.open();
  CHECK(f.drain() == "third");
}

TEST_CASE("a newer format is refused with a message that says what to do") {
  Fixture f;
  f.open();
  REQUIRE(f.push("one"));
  f.queue.reset();
  {
    std::fstream file(f.only_segment(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8);
    file.put(2);
    file.seekp(33);
    file.put('x');
  }
  auto opened = f.try_open();
  REQUIRE(!opened);
  CHECK(opened.error().kind() == ErrorKind::invalid);
  CHECK(opened.error().message().find("queue format 2; this version of rankwire reads up to format 1") !=
        std::string::npos);
}

TEST_CASE("another signal's directory is refused") {
  Fixture f;
  f.open();
  REQUIRE(f.push("one"));
  f.queue.reset();
  auto opened = f.try_open(Signal::traces);
  REQUIRE(!opened);
  CHECK(opened.error().message().find("holds logs, not traces") != std::string::npos);
}

TEST_CASE("a second user of the directory is refused") {
  Fixture f;
  f.open();
  auto second = f.try_open();
  REQUIRE(!second);
  CHECK(second.error().kind() == ErrorKind::refused);
  CHECK(second.error().message() == "another process uses the queue in " + f.directory);
}

TEST_CASE("a full disk refuses, loses nothing and recovers when there is space again") {
  Fixture f;
  f.open();
  std::mutex mutex;
  std::condition_variable changed;
  bool has_called = false;
  f.queue->on_room([&] {
    const std::lock_guard lock(mutex);
    has_called = true;
    changed.notify_all();
  });
  REQUIRE(f.push("before,"));
  f.disk.fail_writes_from(0, ErrorKind::refused);
  const auto refused = f.push("refused,");
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(!f.queue->has_room(1_B, 1));
  CHECK(f.queue->status().records == 1);
  f.disk.heal();
  f.clock.advance(std::chrono::seconds(2));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return has_called; });
  }
  CHECK(f.queue->has_room(1_B, 1));
  REQUIRE(f.push("after"));
  f.open();
  CHECK(f.drain() == "before,after");
}

TEST_CASE("a write that fails half-way leaves nothing of itself") {
  Fixture f;
  f.open();
  REQUIRE(f.push("before,"));
  f.disk.fail_write(0, ErrorKind::refused, 43);
  CHECK(!f.push("refused,"));
  f.clock.advance(std::chrono::seconds(2));
  REQUIRE(f.push("after"));
  CHECK(f.queue->status().records == 2);
  f.open();
  CHECK(f.queue->status().records_corrupt == 0);
  CHECK(f.drain() == "before,after");
}

TEST_CASE("what a synced push returned for survives power loss") {
  Fixture f;
  f.options.must_sync = true;
  f.open();
  REQUIRE(f.push("one,"));
  REQUIRE(f.push("two"));
  // As if the machine stopped here: nothing more is written, not even the tidying at the end.
  f.disk.die_at(0, 0);
  f.queue.reset();
  f.disk.heal();
  f.disk.lose_power(0);
  f.open();
  CHECK(f.drain() == "one,two");
}

TEST_CASE("the queue stays within its bytes on disk and takes more when they are free again") {
  Fixture f;
  f.options.disk_bytes_max = 1_MiB;
  f.open();
  const std::string text(50'000, 'x');
  int pushed = 0;
  while (f.push(text)) ++pushed;
  CHECK(pushed >= 18);
  CHECK(f.queue->status().disk <= 1_MiB);
  CHECK(f.push(std::string(2 << 20, 'x')).error().kind() == ErrorKind::invalid);
  f.queue->pop({})->done();
  CHECK(f.queue->has_room({text.size()}, 1));
  int more = 0;
  while (f.push(text)) ++more;
  CHECK(more > 0);
  CHECK(f.drain().size() % text.size() == 0);
}

TEST_CASE("an element nearly as large as the disk bound fits again and again") {
  Fixture f;
  f.options.disk_bytes_max = 1_MiB;
  f.open();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(f.push(std::string(1'000'000, 'x')));
    f.queue->pop({})->done();
  }
}

TEST_CASE("many producers and consumers over a backlog: everything arrives once") {
  Fixture f;
  SystemClock clock;
  f.policy.queue_size = 1'000'000;
  auto opened = open_disk_queue(f.policy, Signal::logs, f.options, *f.real, clock, f.log);
  REQUIRE(opened);
  Queue& queue = **opened;
  constexpr std::uint64_t producers = 3, each = 1500;
  std::atomic<std::uint64_t> records = 0, bytes = 0;
  {
    std::vector<Worker> workers;
    for (std::uint64_t p = 0; p < producers; ++p)
      workers.emplace_back("producer", [&](std::stop_token) {
        for (std::uint64_t i = 0; i < each; ++i) {
          WireBatch batch;
          batch.record_count = 1;
          batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(std::string(4000, 'x'))));
          batch.size = {4000};
          CHECK(queue.push(std::move(batch), {}));
        }
      });
    for (int i = 0; i < 3; ++i)
      workers.emplace_back("consumer", [&](std::stop_token) {
        while (records < producers * each) {
          std::stop_source stop;
          auto lease = queue.pop(stop.get_token());
          if (!lease) return;
          records += lease->batch().record_count;
          bytes += lease->batch().size.count;
          lease->done();
          if (records == producers * each) queue.close();
        }
      });
  }
  CHECK(records == producers * each);
  CHECK(bytes == producers * each * 4000);
  CHECK(queue.status().records == 0);
  CHECK(queue.status().size == 0);
}

}  // namespace rankwire::queue
