// The disk queue against a model that cannot be wrong: a set of numbers. Random pushes, leases,
// faults, kills, power loss and damage; after each restart everything acknowledged stays away and
// everything accepted and not acknowledged is there, once.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/random.hpp"
#include "queue/queue.hpp"
#include "queue/segment_format.hpp"
#include "testing/fake_clock.hpp"
#include "testing/faulty_file_system.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::queue {
namespace {

// Payloads describe themselves, so that joined ones can be taken apart: number, size, filling.
std::string payload_of(std::uint32_t number, std::uint32_t size) {
  std::string text(8 + size, '\0');
  std::memcpy(text.data(), &number, 4);
  std::memcpy(text.data() + 4, &size, 4);
  for (std::uint32_t i = 0; i < size; ++i) text[8 + i] = static_cast<char>(number * 31 + i * 7);
  return text;
}

// The numbers in joined payloads; false if any byte is not what was pushed.
bool take_apart(const WireBatch& batch, std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (const auto& chunk : batch.chunks) text += chunk->view();
  std::string_view rest = text;
  while (!rest.empty()) {
    std::uint32_t number = 0, size = 0;
    if (rest.size() < 8) return false;
    std::memcpy(&number, rest.data(), 4);
    std::memcpy(&size, rest.data() + 4, 4);
    if (rest.size() - 8 < size || rest.substr(0, 8 + size) != payload_of(number, size)) return false;
    numbers.push_back(number);
    rest.remove_prefix(8 + size);
  }
  return true;
}

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(make_random(seed)) {
    options_.directory = directory_.file("queue");
    options_.must_sync = random_->below(2) == 0;
    if (random_->below(3) == 0) options_.disk_bytes_max = 2_MiB;
    policy_.queue_size = 10'000;
    if (random_->below(2) == 0) policy_.batch = BatchPolicy{.min_size = 1};
    size_max_ = random_->below(2) == 0 ? 300 : 200'000;
  }

  // Empty, or what went wrong.
  std::string run() {
    reopen();
    for (int round = 0; round < 120 && failure_.empty(); ++round) step();
    if (failure_.empty()) reopen();
    if (failure_.empty()) drain();
    return failure_;
  }

 private:
  struct Held {
    std::unique_ptr<Lease> lease;
    std::vector<std::uint32_t> numbers;
  };

  void step() {
    const std::uint64_t kind = random_->below(100);
    if (kind < 50)
      push();
    else if (kind < 68)
      pop();
    else if (kind < 84)
      settle();
    else if (kind < 88)
      reopen();
    else if (kind < 92)
      disk_.fail_write(random_->below(3), ErrorKind::refused, random_->below(200));
    else if (kind < 95)
      crash(false);
    else if (kind < 98 && options_.must_sync)
      crash(true);
    else
      damage();
  }

  void push() {
    const std::uint32_t number = next_++;
    const std::string text = payload_of(number, static_cast<std::uint32_t>(random_->below(size_max_)));
    WireBatch batch{.record_count = 3, .size = {text.size()}};
    const std::size_t half = text.size() / 2;
    batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(std::string_view(text).substr(0, half))));
    batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(std::string_view(text).substr(half))));
    if (queue_->push(std::move(batch), {})) {
      waiting_.insert(number);
    } else {
      clock_.advance(std::chrono::seconds(2));
      refused_.insert(number);
      unaccepted_.insert(number);
    }
  }

  void pop() {
    if (queue_->status().records == 0 || waiting_.empty() || leases_.size() > 3) return;
    clock_.advance(std::chrono::seconds(1));
    std::uint64_t leased = 0;
    for (const Held& held : leases_) leased += held.lease->batch().record_count;
    if (queue_->status().records <= leased) return;
    Held held{.lease = queue_->pop({})};
    if (!held.lease) return fail("pop returned nothing although records wait");
    if (!take_apart(held.lease->batch(), held.numbers)) return fail("leased bytes are not what was pushed");
    for (const std::uint32_t number : held.numbers)
      if (waiting_.erase(number) + refused_.erase(number) + uncertain_.erase(number) == 0)
        return fail("leased twice or never pushed: " + std::to_string(number));
    leases_.push_back(std::move(held));
  }

  void settle() {
    if (leases_.empty()) return;
    const std::size_t index = random_->below(leases_.size());
    Held held = std::move(leases_[index]);
    leases_.erase(leases_.begin() + static_cast<std::ptrdiff_t>(index));
    if (random_->below(4) == 0) {
      give_back(held);
      return;
    }
    const std::uint64_t strikes = disk_.strikes();
    held.lease->done();
    // An acknowledgement that could not be written may be forgotten by a crash.
    for (const std::uint32_t number : held.numbers) {
      done_.insert(number);
      if (disk_.strikes() != strikes) uncertain_.insert(number);
    }
  }

  void give_back(const Held& held) {
    for (const std::uint32_t number : held.numbers) (unaccepted_.contains(number) ? refused_ : waiting_).insert(number);
  }

  void return_leases() {
    for (const Held& held : leases_) give_back(held);
    leases_.clear();
  }

  void reopen() {
    return_leases();
    queue_.reset();
    open();
  }

  void crash(bool is_power_loss) {
    disk_.die_at(random_->below(3), random_->below(300));
    for (std::uint64_t i = random_->below(4); i-- != 0 && failure_.empty();) random_->below(2) == 0 ? push() : settle();
    return_leases();
    disk_.die_at(0, 0);
    queue_.reset();
    disk_.heal();
    // Acknowledgements are not synced.
    if (is_power_loss) {
      uncertain_.insert(done_.begin(), done_.end());
      disk_.lose_power(static_cast<std::uint32_t>(random_->below(257)));
    }
    open();
  }

  void open() {
    disk_.heal();
    auto opened = open_disk_queue(policy_, Signal::logs, options_, disk_, clock_, log_);
    if (!opened) return fail("open: " + opened.error().message());
    queue_ = std::move(*opened);
  }

  // Flips one bit somewhere, then checks that at most one stored record is gone.
  void damage() {
    return_leases();
    queue_.reset();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory))
      if (entry.file_size() != 0) names.push_back(entry.path().string());
    if (!names.empty()) {
      std::sort(names.begin(), names.end());
      const std::string& name = names[random_->below(names.size())];
      const std::uint64_t at = random_->below(std::filesystem::file_size(name));
      std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get() ^ (1 << random_->below(8)));
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
      // A damaged acknowledgement, or segment header with them, sends again.
      if (name.ends_with(ack_suffix) || at < segment_header_size) uncertain_.insert(done_.begin(), done_.end());
      damaged_ = 1;
    }
    open();
    if (failure_.empty()) drain();
    if (failure_.empty()) reopen();
  }

  // Takes everything out and compares with the model.
  void drain() {
    return_leases();
    queue_->close();
    std::set<std::uint32_t> found;
    while (auto lease = queue_->pop({})) {
      std::vector<std::uint32_t> numbers;
      if (!take_apart(lease->batch(), numbers)) return fail("bytes are not what was pushed");
      for (const std::uint32_t number : numbers)
        if (!found.insert(number).second) return fail("delivered twice: " + std::to_string(number));
      lease->done();
    }
    std::uint64_t missing = 0;
    for (const std::uint32_t number : waiting_) missing += found.contains(number) ? 0 : 1;
    if (missing > damaged_) return fail(std::to_string(missing) + " accepted elements are gone");
    const QueueStatus status = queue_->status();
    if (missing > status.records_corrupt) return fail("a damaged element was not counted");
    for (const std::uint32_t number : found)
      if (!waiting_.contains(number) && !refused_.contains(number) && !uncertain_.contains(number))
        return fail("came back although acknowledged: " + std::to_string(number));
    if (status.records != 0 || status.size != 0 || status.memory != 0_B)
      return fail("the books are not empty: " + std::to_string(status.records) + " records, size " +
                  std::to_string(status.size) + ", " + std::to_string(status.memory.count) + " bytes");
    done_.insert(found.begin(), found.end());
    done_.insert(waiting_.begin(), waiting_.end());
    waiting_.clear();
    refused_.clear();
    damaged_ = 0;
  }

  void fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
  }

  std::unique_ptr<Random> random_;
  testing::TemporaryDirectory directory_;
  testing::FakeClock clock_;
  NullLogger log_;
  std::unique_ptr<FileSystem> real_ = make_posix_file_system();
  testing::FaultyFileSystem disk_{*real_};
  DiskQueueOptions options_;
  QueuePolicy policy_;
  std::uint64_t size_max_ = 0;
  std::unique_ptr<Queue> queue_;
  std::vector<Held> leases_;
  std::uint32_t next_ = 1;
  std::set<std::uint32_t> waiting_;     // Accepted, not leased.
  std::set<std::uint32_t> refused_;     // Not accepted: may or may not be there after a crash.
  std::set<std::uint32_t> unaccepted_;  // All that were ever refused.
  std::set<std::uint32_t> done_;        // Acknowledged.
  std::set<std::uint32_t> uncertain_;   // Acknowledged, but the disk may have lost that.
  std::uint64_t damaged_ = 0;
  std::string failure_;
};

}  // namespace

TEST_CASE("through faults, kills, power loss and damage nothing accepted is lost and nothing comes twice") {
  const char* chosen = std::getenv("RANKWIRE_SEED");
  const std::uint64_t first = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 1;
  const char* more = std::getenv("RANKWIRE_SEEDS");
  const std::uint64_t count = chosen != nullptr ? 1 : more != nullptr ? std::strtoull(more, nullptr, 10) : 60;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string failure = Model(seed).run();
    CHECK_MESSAGE(failure.empty(), failure << "; replay with RANKWIRE_SEED=" << seed << " room_queue_test");
    if (!failure.empty()) break;
  }
}

}  // namespace rankwire::queue
