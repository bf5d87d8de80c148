// What was delivered of each file and what is settled of it. The committed position of a file is the
// end of the longest run of settled batches from its start: a batch that settles early waits here
// for the ones before it. Outlives the receiver, because batches in flight hold it.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "component/completion.hpp"
#include "receivers/file_log/checkpoint.hpp"

namespace rankwire::file_log {

// One file's share of a batch.
struct BatchPart {
  std::uint32_t id = 0;
  std::uint64_t safe = 0;   // With this batch, everything of the file before this offset was delivered.
  std::uint64_t bytes = 0;  // Read for it.
  std::uint64_t size = 0;
  std::uint64_t modified_nanos = 0;
};

// Every method from any thread.
class Positions final : public CompletionListener {
 public:
  explicit Positions(Logger& log) : log_(log) {}

  // From now on every commit is also written to `journal`. `wake` is called when the reader has
  // something to do: a lost batch, or room again.
  void open(std::unique_ptr<CheckpointJournal> journal, std::function<void()> wake);
  // Writes what is left and forgets journal and waker; later settlements change memory only.
  void close();

  std::uint32_t add(FileRecord record);
  void restore(std::uint32_t id, FileRecord record);
  // New facts about a file; its position stays.
  void describe(std::uint32_t id, const FileIdentity& identity, const Fingerprint& fingerprint, bool is_finished);
  void forget(std::uint32_t id);

  // Before delivery: the completion may report before `deliver` returns.
  void expect(std::uint64_t token, std::span<const BatchPart> parts);
  // The batch was refused: as if it had never been expected.
  void withdraw(std::uint64_t token);
  // Bytes that yielded no record: settled as soon as everything before them is.
  void pass_over(std::span<const BatchPart> parts);

  void batch_ended(std::uint64_t token, bool is_settled) noexcept override;

  // Files with a lost batch, each once; `rewind` must follow.
  std::vector<std::uint32_t> take_lost();
  // Forgets what is in flight of the file and returns where to read again: the committed position.
  std::uint64_t rewind(std::uint32_t id);
  // The end of what was delivered, settled or not.
  std::uint64_t delivered_until(std::uint32_t id) const;
  std::uint64_t committed(std::uint32_t id) const;
  bool has_unsettled(std::uint32_t id) const;
  std::uint64_t unsettled_bytes() const;
  std::uint64_t journal_failures() const;
  // Waits until at most `bytes` are unsettled; false when stopped or past `until`.
  bool wait_below(std::uint64_t bytes, Instant until, std::stop_token stop);

 private:
  struct Pending {
    std::uint64_t token = 0;  // 0: nothing to wait for.
    BatchPart part;
    bool is_settled = false;
  };
  struct FileState {
    FileRecord record;
    std::vector<Pending> pending;  // In order; a deque would cost every idle file 600 bytes.
    bool is_lost = false;
  };
  struct Batch {
    std::vector<std::uint32_t> files;
    std::uint64_t bytes = 0;
  };

  bool advance(FileState& file);
  void write(std::span<const std::uint32_t> changed);
  void write_records(const std::string& records);
  void end_batch(const Batch& batch);

  Logger& log_;
  mutable std::mutex mutex_;
  std::condition_variable_any settled_;
  // Guarded by mutex_.
  std::map<std::uint32_t, FileState> files_;
  std::unordered_map<std::uint64_t, Batch> batches_;
  std::vector<std::uint32_t> lost_;
  std::unique_ptr<CheckpointJournal> journal_;
  std::function<void()> wake_;
  std::uint64_t unsettled_bytes_ = 0;
  std::uint64_t journal_failures_ = 0;
  std::uint32_t next_id_ = 1;
  bool is_waited_for_ = false;
  bool is_rewrite_due_ = false;
};

}  // namespace rankwire::file_log
