// Which samples of the batch that a disk queue holds as unfinished the destination has taken, so that a process that
// is killed between two requests of a batch does not send the first ones again. docs/formats/remote_write_sent.md.
// Best effort: without it, samples are sent again. Not thread-safe.
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "base/file_system.hpp"
#include "signal/identity.hpp"

namespace rankwire::prometheus_remote_write {

struct SentSample {
  Identity series;
  std::int64_t time_millis = 0;
  bool operator==(const SentSample&) const = default;
};

struct SentSampleHash {
  std::size_t operator()(const SentSample& sample) const {
    return sample.series.low ^ static_cast<std::uint64_t>(sample.time_millis) * 0x9e3779b97f4a7c15;
  }
};

using SentSamples = std::unordered_set<SentSample, SentSampleHash>;

// What of the bytes is whole, and up to where it goes.
SentSamples read_sent_samples(std::string_view bytes, std::uint64_t& whole_bytes);

class SentJournal {
 public:
  // Reads what the last process left there.
  Result<void> open(FileSystem& files, const std::string& directory);
  // A batch of which nothing has been sent in this process; the one before is finished. `is_of_last_process`: some of
  // it was sent by the last one. What that left is forgotten with the first batch of which nothing was: they come in
  // order.
  void begin_batch(bool is_of_last_process);
  void add(const std::vector<SentSample>& samples);
  bool was_sent(const SentSample& sample) const { return !found_.empty() && found_.contains(sample); }

 private:
  std::unique_ptr<File> file_;  // Null: not opened, or it failed.
  std::uint64_t size_ = 0;
  SentSamples found_;
};

}  // namespace rankwire::prometheus_remote_write
