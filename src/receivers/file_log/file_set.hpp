// Which files there are: finds them, follows each path through its generations and keeps the ones to
// be read in a fair queue. Used by the tailer's thread only.
//
//   slot "/var/log/pods/…/0.log":  generation 1 → generation 2 → current
//                                  (renamed)      (renamed)      (at the path now)
//
// A generation is read only after the one before it was read to its end.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "component/component.hpp"
#include "receivers/file_log/contents.hpp"
#include "receivers/file_log/file_parser.hpp"
#include "receivers/file_log/glob.hpp"
#include "receivers/file_log/positions.hpp"
#include "receivers/file_log/siblings.hpp"
#include "receivers/file_log/tail_options.hpp"
#include "receivers/file_log/tracked_file.hpp"

namespace rankwire::file_log {

class FileSet {
 public:
  // The references outlive this. `watcher` may be null: then only scans find changes.
  FileSet(Environment& environment, const TailOptions& options, ParserFactory& parsers, Positions& positions,
          Telemetry& telemetry, DirectoryWatcher* watcher);
  ~FileSet();

  // What an earlier run knew. `has_history`: there was one, so that files it did not know are new.
  void restore(const CheckpointContents& contents, bool has_history);

  // Looks at everything: finds, checks, tidies up.
  void scan();
  void apply(const std::vector<DirectoryChange>& changes);
  // Whether notifications were lost or a directory went away, so that `scan` should not wait.
  bool is_scan_due() const { return is_scan_due_; }
  // Whether change notification does not work for some file, so that scans must find changes.
  bool must_poll() const { return must_poll_; }
  // Whether some directory could not be listed for want of descriptors, so that the next scan should come soon.
  bool is_scan_torn() const { return is_scan_torn_; }

  // Searches again where a directory changed while it was listed.
  void look_again();
  bool must_look_again() const { return !look_again_.empty(); }

  // The next file to read, opened and with a parser; null if there is none. It leaves the queue.
  TrackedFile* next_ready();
  bool has_ready() const { return !ready_.empty() || !undecoded_.empty(); }
  void queue(TrackedFile& file);
  // The file has been read to its end for now: whoever waits for it may start.
  void reached_end(TrackedFile& file);
  // The file is shorter than, or different from, what was read. Finds the copy, starts over.
  void truncated(TrackedFile& file);
  // A read failed. It is tried again, with growing pauses; what nobody writes to any more is given up
  // after a minute, so that the generations after it need not wait for ever.
  void unreadable(TrackedFile& file);
  // Queues the files whose pause after a failed read is over, and looks at generations that could not be opened.
  void retry_unreadable(Instant now);
  Instant next_retry() const;
  void rewind(TrackedFile& file, std::uint64_t offset);

  // Rotated files that nobody has written to for a while, not yet told that they ended.
  std::vector<TrackedFile*> quiet_rotated();
  // Forgets rotated files that ended and are settled; deletes read files where that is wanted.
  void retire();

  TrackedFile* find(std::uint32_t id);
  std::size_t file_count() const { return files_.size(); }
  // Whether `retire` will have something to do without any change on disk: files that were rotated
  // out, or that wait for a descriptor.
  bool has_pending() const { return rotated_count_ != 0 || !starved_.empty(); }
  // Compressed generations read to their end: `retire` makes them cheap.
  std::size_t drained_count() const { return drained_count_; }
  template <class Visit>
  void each(Visit visit) {
    for (auto& [id, file] : files_) visit(*file);
  }

 private:
  struct IdentityHash {
    std::size_t operator()(const FileIdentity& i) const {
      return std::hash<std::uint64_t>()(i.inode * 0x9e3779b97f4a7c15u ^ i.device ^ i.birth_nanos);
    }
  };
  // A generation that was read to its end and is still on disk, perhaps compressed meanwhile: then,
  // until it is found, its identity may be empty.
  struct Finished {
    std::uint32_t id = 0;
    FileRecord record;
    std::string guard;          // The bytes before the position; empty after a restart.
    std::uint32_t next_id = 0;  // Of the generation that waited for it.
  };
  struct Slot {
    std::string path;
    std::string real_path;
    TrackedFile* current = nullptr;  // The generation at the path now.
    TrackedFile* newest = nullptr;   // The last one added: the current one, or the last before the path vanished.
    FileIdentity alias;              // Of the file at the path, where another slot already reads it.
    std::vector<Finished> finished;
    std::vector<Finished> restored;  // From the checkpoint, not seen again yet.
    // A generation could not be read when its directory was looked at: it is looked at again.
    bool is_incomplete = false;
  };
  struct Missed {
    Sibling sibling;
    std::optional<Finished> known;  // Where reading goes on, for a file that was read before.
    std::uint32_t next_id = 0;      // Of the generation that has to wait for it.
  };

  struct Archived {
    Finished file;
    Instant until;
  };

  enum class Recognised : std::uint8_t { known, unknown, gone };

  GlobVisitor visitor(std::function<void(const std::string& path)> match);
  void unlisted(const Error& error);
  void found_directory(const std::string& directory);
  void forget_watch(int watch);
  bool is_included(const std::string& path) const;
  void appeared(const std::string& location);
  void modified(const std::string& location);
  void check(const std::string& path);
  void check_current(Slot& slot, const FileStatus& status);
  bool is_known_elsewhere(const std::string& path, const FileStatus& status);
  bool is_compressed_generation(const std::string& path, const FileStatus& status);
  void vanished(Slot& slot);

  // file_set_rotation.cpp: generations of one slot.
  void rotate(Slot& slot, const FileStatus& status, bool is_new);
  void retire_current(Slot& slot);
  void note_incomplete(Slot& slot);
  void retry_incomplete(Instant now);
  void read_after_truncation(Slot& slot, const std::string& location, const FileIdentity& identity,
                             std::uint32_t next_id);
  void read_generations(Slot& slot, const FileStatus* current, bool is_new);
  bool read_directory(Slot& slot, const FileStatus* current, bool is_new);
  void unlink_late(Slot& slot, TrackedFile& file, TrackedFile* newest);
  Recognised recognise(Slot& slot, const Sibling& sibling, const FileStatus* current, std::optional<Missed>& continued);
  Recognised recognise_contents(Slot& slot, const Sibling& sibling, const FileStatus* current,
                                std::optional<Missed>& continued);
  std::optional<Finished> take_restored(Slot& slot, const FileStatus& status);
  void add_generation(Slot& slot, const Missed& missed);
  void add_current(Slot& slot, const FileStatus& status, const std::optional<Finished>& known);
  void resume_finished(Slot& slot);
  bool resume(Slot& slot, const Finished& known);
  void learn_start(TrackedFile& file);
  bool has_twin(const Slot& slot, const Fingerprint& fingerprint) const;
  void drop_vanished(Slot& slot, const std::vector<Sibling>& siblings, const FileStatus* current);
  bool add_history(Slot& slot, const Sibling& sibling);
  void demote(TrackedFile& file, bool must_look_now);
  void give_up(TrackedFile& file);

  // file_set_archive.cpp: files that are gone.
  void archive(Finished gone);
  void expire_archive();
  std::optional<Finished> take_archived(const Slot& slot, const Sibling& sibling);

  // file_set_copies.cpp: copytruncate.
  bool is_copy(const std::string& path, const FileStatus& status);
  bool has_same_contents(const std::string& path, const std::string& original, std::uint64_t size);
  bool adopt_copy(TrackedFile& file);

  // file_set_open.cpp: descriptors and decompressors.
  bool make_ready(TrackedFile& file);
  bool has_free_decoder();
  bool claim_decoder(TrackedFile& file);
  Result<void> make_open(TrackedFile& file);
  bool close_idle();
  void close_file(TrackedFile& file);
  void feed_one();

  TrackedFile& add_file(Slot& slot, const FileStatus& status, const std::string& real_path,
                        const std::optional<Finished>& known, std::uint64_t start, bool is_gzip);
  void move_location(TrackedFile& file, const std::string& location);
  void link(TrackedFile* previous, TrackedFile& file);
  void finish(Slot& slot, TrackedFile& file);
  void remove(TrackedFile& file);
  bool is_gzip_path(const std::string& path) const;
  FileFacts facts_of(const TrackedFile& file);

  Environment& environment_;
  FileSystem& disk_;
  const TailOptions& options_;
  ParserFactory& parsers_;
  Positions& positions_;
  Telemetry& telemetry_;
  DirectoryWatcher* const watcher_;

  std::unordered_map<std::uint32_t, std::unique_ptr<TrackedFile>> files_;
  std::unordered_map<FileIdentity, TrackedFile*, IdentityHash> by_identity_;
  std::unordered_map<FileIdentity, std::string, IdentityHash> known_at_;  // Finished and restored: their slot.
  std::unordered_map<std::string, std::uint32_t> file_at_;                // By location on disk.
  std::unordered_map<std::string, Slot> slots_;                           // By matched path.
  std::unordered_map<std::string, std::string> slot_at_;                  // By location on disk.
  std::unordered_map<FileIdentity, std::uint64_t, IdentityHash> copies_;  // Copies of tracked files, with their size.
  std::unordered_map<std::string, int> watched_;
  std::unordered_map<int, std::vector<std::string>> directories_;
  std::deque<Archived> archive_;
  std::deque<std::uint32_t> ready_;
  std::vector<std::uint32_t> open_;         // Files with a descriptor, in no order.
  std::deque<std::uint32_t> starved_;       // Queued, but there was no descriptor.
  std::deque<std::uint32_t> undecoded_;     // Queued, but there was no decompressor.
  std::vector<std::uint32_t> failing_;      // A read failed; tried again later.
  Instant incomplete_at_ = Instant::max();  // Then slots that are incomplete are looked at again.
  Duration incomplete_pause_ = std::chrono::seconds(1);
  std::vector<std::uint32_t> decoding_;  // Files with a decompressor, or about to get one.
  std::size_t open_files_max_;
  std::size_t open_hand_ = 0;
  std::size_t drained_count_ = 0;
  std::vector<std::string> look_again_;  // Slots whose directory changed while it was listed.
  std::string location_;
  std::uint64_t known_since_nanos_ = 0;  // Files changed later than this were not there before.
  std::size_t rotated_count_ = 0;
  bool has_history_ = false;
  bool is_first_scan_ = true;
  bool is_scan_due_ = false;
  bool is_scan_torn_ = false;
  bool must_poll_ = false;
};

}  // namespace rankwire::file_log
