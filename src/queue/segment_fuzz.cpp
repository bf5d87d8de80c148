// Any bytes as a segment and its acknowledgements: recovery must neither crash nor hang, and what
// the queue then hands out must be what was intact.

#include "base/require.hpp"
#include "queue/queue.hpp"
#include "queue/queue_tools.hpp"
#include "queue/segment_format.hpp"
#include "testing/fake_clock.hpp"
#include "testing/memory_file_system.hpp"

using namespace rankwire;

namespace {

constexpr std::uint64_t created = 7;

// A segment with good checksums, which the fuzzer cannot guess, as a script of three bytes a step says:
// records, acknowledgements of some that follow each other, a seal at the end, and bits that flip.
class Writer {
 public:
  std::string segment, acks;

  Writer() {
    const auto header = queue::encode(queue::SegmentHeader{Signal::logs, 1, created});
    segment.assign(header.begin(), header.end());
  }

  void write(std::string_view script) {
    while (script.size() >= 3) {
      const auto kind = static_cast<unsigned char>(script[0]);
      const std::size_t size = static_cast<unsigned char>(script[1]), place = static_cast<unsigned char>(script[2]);
      script.remove_prefix(3);
      if (kind % 4 == 0) {
        add_record(script.substr(0, size), static_cast<std::uint32_t>(place));
        script.remove_prefix(std::min(size, script.size()));
      } else if (kind % 4 == 1) {
        acknowledge(size, place);
      } else if (kind % 4 == 2) {
        seal();
      } else {
        std::string& bytes = kind % 8 == 3 || acks.empty() ? segment : acks;
        char& byte = bytes[(place * 8 + size) % bytes.size()];
        byte = static_cast<char>(byte ^ (1 << kind / 8 % 8));
      }
    }
  }

 private:
  struct Stored {
    std::uint32_t start = 0;
    std::uint32_t records = 0;
    bool is_done = false;
  };

  std::uint32_t end() const { return static_cast<std::uint32_t>(segment.size()); }

  void add_record(std::string_view payload, std::uint32_t records) {
    if (is_sealed_ || payload.empty()) return;
    const queue::RecordHeader record{
        queue::RecordKind::data, Signal::logs, static_cast<std::uint32_t>(payload.size()), records, created,
        queue::checksum(payload)};
    stored_.push_back({end(), records});
    const auto header = queue::encode(record, 1, end());
    segment.append(header.begin(), header.end()).append(payload);
    total_ += {1, records, payload.size()};
  }

  void acknowledge(std::size_t first, std::size_t count) {
    if (stored_.empty()) return;
    first %= stored_.size();
    const std::size_t last = std::min(first + 1 + count % 4, stored_.size());
    queue::Ack ack{stored_[first].start, last == stored_.size() ? end() : stored_[last].start};
    for (std::size_t i = first; i < last; ++i) {
      if (std::exchange(stored_[i].is_done, true)) return;
      ++ack.stored;
      ack.records += stored_[i].records;
    }
    const auto bytes = queue::encode(ack, created);
    acks.append(bytes.begin(), bytes.end());
  }

  void seal() {
    if (!std::exchange(is_sealed_, true)) segment += queue::encode_seal(total_, Signal::logs, 1, end());
  }

  std::vector<Stored> stored_;
  queue::Tally total_;
  bool is_sealed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  testing::MemoryFileSystem files;
  files.put("q/lock", "");
  if ((bytes[0] & 0x80) != 0) {
    Writer writer;
    writer.write(bytes.substr(1));
    files.put("q/0000000000000001.acks", writer.acks);
    files.put("q/0000000000000001.segment", writer.segment);
  } else {
    // The first byte says how much of the rest is the acknowledgements, in entries.
    const std::size_t acks =
        std::min<std::size_t>(static_cast<unsigned char>(bytes[0]) % 8 * queue::ack_size, bytes.size() - 1);
    files.put("q/0000000000000001.acks", std::string(bytes.substr(1, acks)));
    files.put("q/0000000000000001.segment", std::string(bytes.substr(1 + acks)));
  }
  testing::FakeClock clock;
  NullLogger log;
  (void)queue::inspect(files, "q");
  std::uint64_t intact = 0;
  (void)queue::replay(files, "q", [&](const WireBatch& batch) -> Result<void> {
    intact += batch.size.count;
    return {};
  });
  auto opened = queue::open_disk_queue({.queue_size = UINT32_MAX}, Signal::logs, {.directory = "q"}, files, clock, log);
  if (!opened) return 0;
  (*opened)->close();
  std::uint64_t leased = 0;
  while (auto lease = (*opened)->pop({})) {
    leased += lease->batch().size.count;
    lease->done();
  }
  require(leased == intact, "recovery hands out what replay finds");
  require((*opened)->status().memory == 0_B, "nothing is left in memory");
  return 0;
}
