// Any bytes as a segment and its acknowledgements: recovery must neither crash nor hang, and what
// the queue then hands out must be what was intact.

#include "base/require.hpp"
#include "queue/queue.hpp"
#include "queue/queue_tools.hpp"
#include "queue/segment_format.hpp"
#include "testing/fake_clock.hpp"
#include "testing/memory_file_system.hpp"

using namespace rankwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  // The first byte says how much of the rest is the acknowledgements, in entries.
  const std::size_t acks =
      std::min<std::size_t>(static_cast<unsigned char>(bytes[0]) % 8 * queue::ack_size, bytes.size() - 1);
  testing::MemoryFileSystem files;
  files.put("q/lock", "");
  files.put("q/0000000000000001.acks", std::string(bytes.substr(1, acks)));
  files.put("q/0000000000000001.segment", std::string(bytes.substr(1 + acks)));
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
