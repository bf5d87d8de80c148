#include "receivers/file_log/tailer.hpp"

#include <algorithm>

#include "base/planted_bug.hpp"

namespace rankwire::file_log {
namespace {

// Records need about as much memory again as the text they point into.
Bytes admission_for(std::size_t text) { return {text * 2 + 4096}; }

std::unique_ptr<DirectoryWatcher> watcher_of(Environment& environment) {
  auto watcher = environment.files.make_watcher();
  if (watcher) return std::move(*watcher);
  environment.log.warn("file_log has no change notification and looks every poll_interval instead",
                       {{"error", watcher.error().message()}});
  return nullptr;
}

}  // namespace

Tailer::Tailer(Environment& environment, Intake& intake, ParserFactory& parsers, const TailOptions& options,
               std::shared_ptr<Positions> positions, Telemetry& telemetry)
    : environment_(environment),
      intake_(intake),
      options_(options),
      positions_(std::move(positions)),
      telemetry_(telemetry),
      watcher_(watcher_of(environment)),
      files_(environment, options_, parsers, *positions_, telemetry, watcher_.get()) {}

void Tailer::open(const CheckpointContents& contents, bool has_history) { files_.restore(contents, has_history); }

void Tailer::wake() {
  if (watcher_) watcher_->wake();
}

void Tailer::look(int timeout_ms) {
  constexpr int rounds_max = 64;  // Reading must go on while events keep coming.
  std::uint64_t count = 0;
  for (int round = 0; round < rounds_max; ++round) {
    changes_.clear();
    if (!watcher_ || !watcher_->wait(changes_, round == 0 ? timeout_ms : 0)) break;
    count += changes_.size();
    files_.apply(changes_);
  }
  if (files_.must_look_again()) files_.look_again();
  pacer_.note(count, environment_.clock.now());
  if (files_.is_scan_due()) next_scan_ = {};
  if (files_.is_scan_torn()) next_scan_ = std::min(next_scan_, environment_.clock.now() + options_.poll_interval);
}

void Tailer::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const Instant now = environment_.clock.now();
    if (now >= next_scan_) {
      files_.scan();
      const Instant after = environment_.clock.now();
      // However many files there are, scanning takes at most a thousandth of the time.
      const bool is_soon = files_.must_poll() || files_.is_scan_torn();
      const Duration interval = is_soon ? options_.poll_interval : options_.scan_interval;
      next_scan_ = after + std::max(interval, (is_soon ? 10 : 1000) * (after - now));
    }
    constexpr std::size_t drained_max = 32;
    if (now >= next_tidy_ || files_.drained_count() >= drained_max) {
      tidy();
      next_tidy_ = now + std::chrono::seconds(1);
    }
    read_lost_again();
    files_.retry_unreadable(now);
    is_out_of_room_ = false;
    flush_due_files();
    if (pass(stop) && files_.has_ready()) {
      look(0);
      continue;
    }
    wait(stop);
  }
}

void Tailer::wait(std::stop_token stop) {
  const auto slice = std::chrono::milliseconds(100);
  const Instant now = environment_.clock.now();
  if (now < retry_at_) {
    pause(stop, std::min<Duration>(retry_at_ - now, slice));
  } else if (is_out_of_room_) {
    (void)intake_.wait_for_room(stop, {now + slice});
  } else if (is_all_held_) {
    return wait_for_change(stop, std::min(next_due(), holds_.next_end(now)));
  } else if (files_.has_ready()) {
    (void)positions_->wait_below(options_.unsettled_bytes_max / 2, now + slice, stop);
  } else {
    return wait_for_change(stop, next_due());
  }
  look(0);
}

void Tailer::wait_for_change(std::stop_token stop, Instant due) {
  if (const Duration gap = pacer_.gap(); gap.count() != 0) pause(stop, gap);
  if (stop.stop_requested()) return;
  if (!watcher_) return pause(stop, options_.poll_interval);
  const auto left = due - environment_.clock.now();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
  look(static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 60'000)));
}

void Tailer::pause(std::stop_token stop, Duration length) {
  std::unique_lock lock(pause_mutex_);
  paused_.wait_until(lock, stop, environment_.clock.now() + length, [] { return false; });
}

Instant Tailer::next_due() const {
  if (files_.must_look_again()) return {};
  Instant due = std::min(next_scan_, files_.next_retry());
  const auto& files = files_;
  for (const std::uint32_t id : flushable_) {
    const TrackedFile* file = const_cast<FileSet&>(files).find(id);
    if (file == nullptr || !file->parser) continue;
    if (const auto at = file->parser->flush_due()) due = std::min(due, *at);
  }
  return files.has_pending() ? std::min(due, next_tidy_) : due;
}

bool Tailer::pass(std::stop_token stop) {
  is_all_held_ = false;
  if (stop.stop_requested() || !files_.has_ready()) return false;
  if (environment_.clock.now() < retry_at_ || positions_->unsettled_bytes() >= options_.unsettled_bytes_max)
    return false;
  std::vector<Turn> turns;
  Buffer buffer = gather(turns);
  telemetry_.reading_files.set(static_cast<std::int64_t>(turns.size()));
  if (turns.empty()) {
    environment_.buffers->give_back(std::move(buffer));
    return !is_all_held_ && files_.has_ready();
  }
  auto admission = intake_.admit(admission_for(buffer.size()));
  if (!admission) {
    put_back(turns);
    is_out_of_room_ = admission.error().kind() == ErrorKind::refused;
    if (!is_out_of_room_) postpone(admission.error());
    return false;
  }
  // A batch may wait long in a queue: it must not keep a large buffer for a few lines.
  if (buffer.size() < buffer.capacity() / 2) {
    Buffer small = environment_.buffers->take(buffer.size());
    small.append(buffer.view());
    environment_.buffers->give_back(std::move(buffer));
    buffer = std::move(small);
  }
  const SharedBytes shared = environment_.buffers->share(std::move(buffer));
  LogBatch batch;
  batch.keep(shared);
  for (const Turn& turn : turns) parse(turn, shared->view().substr(turn.at, turn.size), batch);
  return deliver(std::move(*admission), std::move(batch));
}

Buffer Tailer::gather(std::vector<Turn>& turns) {
  constexpr std::size_t files_usual = 256;
  const std::size_t files_max = holds_.files_max(files_usual);
  const Instant now = environment_.clock.now();
  Buffer buffer = environment_.buffers->take(options_.batch_bytes + files_usual * TrackedFile::guard_size_max);
  std::vector<TrackedFile*> refused;
  while (turns.size() < files_max) {
    TrackedFile* file = files_.next_ready();
    if (file == nullptr) break;
    if (holds_.is_held(file->id, now)) {
      refused.push_back(file);
      continue;
    }
    const bool is_alone = holds_.goes_alone(file->id, now);
    if (is_alone && !turns.empty()) {
      refused.push_back(file);
      break;
    }
    if (file->has_failed || !file->refresh()) continue;
    std::size_t room = std::max(options_.turn_bytes, file->wanted_bytes);
    if (!file->is_gzip && file->size > file->taken) room = std::min<std::uint64_t>(room, file->size - file->taken);
    const std::size_t end = buffer.size() + room + TrackedFile::guard_size_max;
    const auto is_same = [&](const Turn& turn) { return turn.file == file; };
    const bool is_twice = std::any_of(turns.begin(), turns.end(), is_same);
    const std::size_t end_max = options_.batch_bytes + (turns.size() + 1) * TrackedFile::guard_size_max;
    if (is_twice || (!turns.empty() && end > end_max)) {
      refused.push_back(file);
      break;
    }
    // Growing would move what earlier turns read, so only the first one may.
    buffer.reserve(end);
    gather_one(*file, room, buffer, turns);
    if (is_alone && !turns.empty()) break;
  }
  is_all_held_ = turns.empty() && !refused.empty();
  for (TrackedFile* file : refused) files_.queue(*file);
  return buffer;
}

void Tailer::gather_one(TrackedFile& file, std::size_t room, Buffer& buffer, std::vector<Turn>& turns) {
  char* into = buffer.data() + buffer.size();
  const ReadOutcome outcome = file.read(into, room);
  switch (outcome.state) {
    case ReadState::truncated: files_.truncated(file); return;
    case ReadState::failed: files_.unreadable(file); return;
    case ReadState::end:
      file.failures = 0;
      file.untaken = 0;
      files_.reached_end(file);
      return;
    case ReadState::data: file.failures = 0; break;
  }
  if (outcome.is_all && outcome.data.size() == file.untaken && !file.is_ended) {
    files_.reached_end(file);  // Nothing new: the start of a line still waits for its end.
    return;
  }
  // What was read in front of the data to recognise the file stays where it is; nothing points to it.
  const auto at = static_cast<std::size_t>(outcome.data.data() - buffer.data());
  turns.push_back({&file, at, outcome.data.size(), outcome.is_all});
  buffer.commit(at + outcome.data.size() - buffer.size());
}

void Tailer::put_back(const std::vector<Turn>& turns) {
  for (const Turn& turn : turns) {
    turn.file->untaken = 0;
    files_.queue(*turn.file);
  }
}

void Tailer::parse(const Turn& turn, std::string_view data, LogBatch& batch) {
  TrackedFile& file = *turn.file;
  const std::size_t count = file.parser->parse(data, file.taken, false, batch);
  file.take(data, count, options_.fingerprint_size);
  file.untaken = data.size() - count;
  file.changed_at = environment_.clock.now();
  constexpr std::size_t wanted_max = 64 << 20;
  file.wanted_bytes = count != 0 || turn.is_all ? 0 : std::min(data.size() * 2, wanted_max);
  note_parsed(file, count);
  if (options_.must_drop_cache) file.file->drop_cache(file.taken);
  if (turn.is_all)
    files_.reached_end(file);
  else
    files_.queue(file);
}

void Tailer::note_parsed(TrackedFile& file, std::uint64_t bytes) {
  const auto held = file.parser->held_from();
  const std::uint64_t safe = std::min(held.value_or(file.taken), file.held_by_next_from.value_or(file.taken));
  parts_.push_back({file.id, safe, bytes, std::max(file.size, file.taken), file.modified_nanos});
  if (file.held_for != 0 && !(held && *held == 0)) {
    // What was taken over from the generation before is part of this batch at last.
    if (TrackedFile* earlier = files_.find(file.held_for)) {
      earlier->held_by_next_from.reset();
      const auto end = earlier->parser ? earlier->parser->held_from().value_or(earlier->taken) : earlier->taken;
      parts_.push_back({earlier->id, end, 0, earlier->size, earlier->modified_nanos});
    }
    file.held_for = 0;
  }
  if (!(file.fingerprint == file.described)) {
    positions_->describe(file.id, file.identity, file.fingerprint, false);
    file.described = file.fingerprint;
  }
  const FileParser::Drops drops = file.parser->take_drops();
  if (drops.filtered != 0) intake_.count_dropped(drops.filtered, "filtered");
  if (drops.unparsable != 0) intake_.count_dropped(drops.unparsable, "unparsable");
  if (file.parser->flush_due() && std::find(flushable_.begin(), flushable_.end(), file.id) == flushable_.end())
    flushable_.push_back(file.id);
}

bool Tailer::deliver(Admission admission, LogBatch batch) {
  if (batch.empty()) {
    positions_->pass_over(parts_);
    parts_.clear();
    return true;
  }
  if (is_planted(PlantedBug::line_in_the_log) && !batch.resources.empty())
    environment_.log.debug("delivering", {{"first", batch.resources[0].scopes[0].records[0].body.text()}});
  const std::uint64_t token = next_token_++;
  auto completion = std::make_shared<Completion>(positions_, token);
  positions_->expect(token, parts_);
  auto delivered = intake_.deliver(std::move(admission), SignalBatch(std::move(batch)), completion);
  if (delivered) {
    parts_.clear();
    retry_delay_ = {};
    return true;
  }
  if (delivered.error().is_final()) {
    environment_.log.error("file_log passes over lines that will never be taken",
                           {{"error", delivered.error().message()}});
    // Not before every other destination has them: the completion tells.
    parts_.clear();
    return true;
  }
  positions_->withdraw(token);
  completion->mark_lost();
  if (delivered.error().is_of_this_data()) {
    keep_back(delivered.error());
    undo_parts();
    return true;  // Other files may be read on.
  }
  // The lines are in their files: they are read again from where the last delivery ended.
  undo_parts();
  postpone(delivered.error());
  environment_.log.warn("file_log could not deliver and will read the lines again",
                        {{"error", delivered.error().message()}});
  return false;
}

void Tailer::postpone(const Error& error) {
  const bool is_full = error.kind() == ErrorKind::refused;
  const Duration least = is_full ? std::chrono::milliseconds(5) : options_.retry_delay;
  retry_delay_ = std::clamp<Duration>(retry_delay_ * 2, least, std::max(least, options_.retry_delay_max));
  retry_delay_ = std::max<Duration>(retry_delay_, error.retry_after().value_or(std::chrono::milliseconds(0)));
  retry_at_ = environment_.clock.now() + retry_delay_;
}

void Tailer::keep_back(const Error& error) {
  std::vector<std::uint32_t> files;
  for (const BatchPart& part : parts_) files.push_back(part.id);
  const Duration wait = error.retry_after().value_or(std::chrono::seconds(1));
  holds_.refused(std::move(files), environment_.clock.now(), wait);
  environment_.log.info("file_log reads on later where lines are held back", {{"reason", error.message()}});
}

void Tailer::undo_parts() {
  if (is_planted(PlantedBug::refused_lines_not_read_again)) parts_.clear();
  for (const BatchPart& part : parts_)
    if (TrackedFile* file = files_.find(part.id)) files_.rewind(*file, positions_->delivered_until(part.id));
  parts_.clear();
}

void Tailer::read_lost_again() {
  for (const std::uint32_t id : positions_->take_lost()) {
    TrackedFile* file = files_.find(id);
    const std::uint64_t offset = positions_->rewind(id);
    if (file == nullptr) continue;
    environment_.log.info("file_log reads lines again whose delivery was given up",
                          {{"path", file->path}, {"from", offset}});
    files_.rewind(*file, offset);
  }
}

void Tailer::flush_due_files() {
  if (flushable_.empty()) return;
  const Instant now = environment_.clock.now();
  std::vector<std::uint32_t> still;
  for (const std::uint32_t id : std::exchange(flushable_, {})) {
    TrackedFile* file = files_.find(id);
    if (file == nullptr || !file->parser) continue;
    auto due = file->parser->flush_due();
    // The rest of the line may have come while the reader had to wait.
    if (due && *due <= now && file->has_grown()) {
      files_.queue(*file);
    } else if (due && *due <= now) {
      // Of a file that is gone nothing more can complete the line.
      flush(*file, file->has_failed ? Instant::max() : now, file->has_failed);
      due = file->parser && !file->is_ended ? file->parser->flush_due() : std::nullopt;
    }
    if (due) still.push_back(id);
  }
  flushable_.insert(flushable_.end(), still.begin(), still.end());
  std::sort(flushable_.begin(), flushable_.end());
  flushable_.erase(std::unique(flushable_.begin(), flushable_.end()), flushable_.end());
}

void Tailer::flush(TrackedFile& file, Instant now, bool is_end) {
  Buffer buffer = environment_.buffers->take(file.untaken + 1 + TrackedFile::guard_size_max);
  std::string_view untaken;
  if (file.untaken != 0) {
    const ReadOutcome outcome = file.is_open() ? file.read(buffer.data(), file.untaken) : ReadOutcome();
    if (outcome.state == ReadState::data) {
      untaken = outcome.data;
    } else if (!is_end) {
      // Truncated, unreadable or closed meanwhile: the next turn finds out, and gives the parser anew what is there.
      file.untaken = 0;
      files_.queue(file);
    }
  }
  auto admission = intake_.admit(admission_for(untaken.size()));
  if (!admission) {
    is_out_of_room_ = admission.error().kind() == ErrorKind::refused;
    if (!is_out_of_room_) postpone(admission.error());
    return;
  }
  if (!untaken.empty()) std::memmove(buffer.data(), untaken.data(), untaken.size());
  buffer.commit(untaken.size());
  const SharedBytes shared = environment_.buffers->share(std::move(buffer));
  LogBatch batch;
  batch.keep(shared);
  std::size_t count = is_end ? file.parser->parse(shared->view(), file.taken, true, batch) : 0;
  count += file.parser->flush(is_end ? Instant::max() : now, shared->view().substr(count), file.taken + count, batch);
  file.take(shared->view(), count, options_.fingerprint_size);
  file.untaken -= std::min(file.untaken, count);
  note_parsed(file, count);
  file.is_ended = is_end;
  (void)deliver(std::move(*admission), std::move(batch));
}

void Tailer::flush_everything() {
  std::vector<TrackedFile*> files;
  files_.each([&](TrackedFile& file) {
    if (file.parser && (file.untaken != 0 || file.parser->held_from())) files.push_back(&file);
  });
  for (TrackedFile* file : files) flush(*file, Instant::max(), true);
}

void Tailer::tidy() {
  for (TrackedFile* file : files_.quiet_rotated()) {
    if (file->parser)
      flush(*file, Instant::max(), true);
    else
      file->is_ended = true;
  }
  files_.retire();
  std::int64_t behind = 0;
  files_.each([&](const TrackedFile& file) {
    if (!file.is_gzip && file.size > file.taken) behind += static_cast<std::int64_t>(file.size - file.taken);
  });
  telemetry_.behind_bytes.set(behind);
}

}  // namespace rankwire::file_log
