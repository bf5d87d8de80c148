// The reading loop: waits for changes, reads ready files in turns, has them parsed, delivers. One
// thread calls everything but `wake`. Positions advance only through Positions, which hears from the
// pipeline what was settled.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <vector>

#include "component/component.hpp"
#include "receivers/file_log/file_set.hpp"
#include "receivers/file_log/holds.hpp"
#include "receivers/file_log/pacer.hpp"

namespace rankwire::file_log {

class Tailer {
 public:
  // The references outlive this.
  Tailer(Environment& environment, Intake& intake, ParserFactory& parsers, const TailOptions& options,
         std::shared_ptr<Positions> positions, Telemetry& telemetry);

  // Before `run`. Starts change notification; does not look at any log file yet.
  void open(const CheckpointContents& contents, bool has_history);
  // Until stopped.
  void run(std::stop_token stop);
  // Any thread: something happened that `run` should look at.
  void wake();

  // The pieces of `run`, for tests that decide themselves when what happens.
  void look(int timeout_ms);  // Takes up to that long for a change, and follows it up.
  void scan() { files_.scan(); }
  bool pass(std::stop_token stop);  // One batch; false if there was nothing to read or no room.
  void tidy();                      // Ends and forgets files that were rotated out.
  // Reads again what was lost on its way.
  void read_lost_again();
  // Delivers what parsers hold back, complete or not.
  void flush_everything();

  const FileSet& files() const { return files_; }

 private:
  struct Turn {
    TrackedFile* file = nullptr;
    std::size_t at = 0;  // Of the data in the buffer.
    std::size_t size = 0;
    bool is_all = false;
  };

  Buffer gather(std::vector<Turn>& turns);
  void gather_one(TrackedFile& file, std::size_t room, Buffer& buffer, std::vector<Turn>& turns);
  void parse(const Turn& turn, std::string_view data, LogBatch& batch);
  void note_parsed(TrackedFile& file, std::uint64_t bytes);
  void flush_due_files();
  void flush(TrackedFile& file, Instant now, bool is_end);
  bool deliver(Admission admission, LogBatch batch);
  void put_back(const std::vector<Turn>& turns);
  void undo_parts();
  void keep_back(const Error& error);
  void postpone(const Error& error);

  void wait(std::stop_token stop);
  void wait_for_change(std::stop_token stop, Instant due);
  void pause(std::stop_token stop, Duration length);
  Instant next_due() const;

  Environment& environment_;
  Intake& intake_;
  const TailOptions options_;
  const std::shared_ptr<Positions> positions_;
  Telemetry& telemetry_;
  std::unique_ptr<DirectoryWatcher> watcher_;
  FileSet files_;
  Pacer pacer_;

  std::vector<DirectoryChange> changes_;
  std::vector<BatchPart> parts_;          // Of the batch being made.
  std::vector<std::uint32_t> flushable_;  // Files whose parser holds something.
  std::uint64_t next_token_ = 1;
  Instant next_scan_{};
  Instant next_tidy_{};
  Duration retry_delay_{};  // 0: the last delivery worked.
  Instant retry_at_{};
  bool is_out_of_room_ = false;
  Holds holds_;
  bool is_all_held_ = false;  // Whatever is ready.
  std::mutex pause_mutex_;
  std::condition_variable_any paused_;
};

}  // namespace rankwire::file_log
