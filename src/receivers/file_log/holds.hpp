// Which files wait because their own lines were refused, and not everybody's: a pod over its rate limit does not keep
// the others back. Lines of several files that were refused together are tried file by file to find whose they are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace rankwire::file_log {

class Holds {
 public:
  // One batch had lines of these files and was refused for `wait`.
  void refused(std::vector<std::uint32_t> files, Instant now, Duration wait) {
    std::erase_if(holds_, [now](const auto& hold) { return hold.second.alone_until <= now; });
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    if (files.size() != 1) {
      alone_batches_ = files.size();
      return;
    }
    // Who was held once is likely to be again: its lines share no batch with others' for a while.
    constexpr Duration suspicion = std::chrono::minutes(1), wait_min = std::chrono::milliseconds(10);
    const Instant until = now + std::max(wait, wait_min);
    holds_[files.front()] = {until, until + suspicion};
  }
  // How many files the next batch may have, of so many.
  std::size_t files_max(std::size_t usual) {
    if (alone_batches_ == 0) return usual;
    --alone_batches_;
    return 1;
  }
  bool is_held(std::uint32_t file, Instant now) const {
    const auto at = holds_.find(file);
    return at != holds_.end() && now < at->second.until;
  }
  bool goes_alone(std::uint32_t file, Instant now) const {
    const auto at = holds_.find(file);
    return at != holds_.end() && now < at->second.alone_until;
  }
  // When the first of them may be read on.
  Instant next_end(Instant now) const {
    Instant end = Instant::max();
    for (const auto& [file, hold] : holds_)
      if (hold.until > now) end = std::min(end, hold.until);
    return end;
  }

 private:
  struct Hold {
    Instant until, alone_until;
  };

  std::unordered_map<std::uint32_t, Hold> holds_;
  std::size_t alone_batches_ = 0;
};

}  // namespace rankwire::file_log
