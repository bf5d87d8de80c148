#include "receivers/file_log/positions.hpp"

#include "base/planted_bug.hpp"

namespace rankwire::file_log {

void Positions::open(std::unique_ptr<CheckpointJournal> journal, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  journal_ = std::move(journal);
  wake_ = std::move(wake);
}

void Positions::close() {
  const std::lock_guard lock(mutex_);
  if (journal_) {
    if (is_rewrite_due_) write_records({});
    if (auto synced = journal_->sync(); !synced)
      log_.warn("file_log could not sync its checkpoint", {{"error", synced.error().message()}});
  }
  journal_.reset();
  wake_ = nullptr;
}

std::uint32_t Positions::add(FileRecord record) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t id = next_id_++;
  write_records(encode_file(id, record));
  files_[id].record = std::move(record);
  return id;
}

void Positions::restore(std::uint32_t id, FileRecord record) {
  const std::lock_guard lock(mutex_);
  files_[id].record = std::move(record);
  next_id_ = std::max(next_id_, id + 1);
}

void Positions::describe(std::uint32_t id, const FileIdentity& identity, const Fingerprint& fingerprint,
                         bool is_finished) {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(id);
  if (at == files_.end()) return;
  at->second.record.identity = identity;
  at->second.record.fingerprint = fingerprint;
  at->second.record.is_finished = is_finished;
  write_records(encode_file(id, at->second.record));
}

void Positions::forget(std::uint32_t id) {
  const std::lock_guard lock(mutex_);
  if (files_.erase(id) != 0) write_records(encode_forget(id));
}

void Positions::expect(std::uint64_t token, std::span<const BatchPart> parts) {
  const std::lock_guard lock(mutex_);
  Batch& batch = batches_[token];
  for (const BatchPart& part : parts) {
    const auto at = files_.find(part.id);
    if (at == files_.end()) continue;
    at->second.pending.push_back({token, part, is_planted(PlantedBug::position_before_acknowledgement)});
    if (is_planted(PlantedBug::position_before_acknowledgement) && advance(at->second))
      write(std::vector<std::uint32_t>{part.id});
    batch.files.push_back(part.id);
    batch.bytes += part.bytes;
  }
  unsettled_bytes_ += batch.bytes;
}

void Positions::withdraw(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto at = batches_.find(token);
  if (at == batches_.end()) return;
  for (const std::uint32_t id : at->second.files)
    if (const auto file = files_.find(id); file != files_.end())
      std::erase_if(file->second.pending, [&](const Pending& pending) { return pending.token == token; });
  end_batch(at->second);
  batches_.erase(at);
}

void Positions::pass_over(std::span<const BatchPart> parts) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> changed;
  for (const BatchPart& part : parts) {
    const auto at = files_.find(part.id);
    if (at == files_.end()) continue;
    at->second.pending.push_back({0, part, true});
    if (advance(at->second)) changed.push_back(part.id);
  }
  write(changed);
}

bool Positions::advance(FileState& file) {
  bool is_changed = false;
  if (file.is_lost) return false;
  std::size_t done = 0;
  for (; done < file.pending.size() && file.pending[done].is_settled; ++done) {
    const BatchPart& part = file.pending[done].part;
    is_changed = is_changed || file.record.position != part.safe;
    file.record.position = std::max(file.record.position, part.safe);
    file.record.size = part.size;
    file.record.modified_nanos = part.modified_nanos;
  }
  file.pending.erase(file.pending.begin(), file.pending.begin() + static_cast<std::ptrdiff_t>(done));
  if (file.pending.empty()) file.pending.shrink_to_fit();
  return is_changed;
}

void Positions::batch_ended(std::uint64_t token, bool is_settled) noexcept {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    const auto at = batches_.find(token);
    if (at == batches_.end()) return;
    std::vector<std::uint32_t> changed;
    for (const std::uint32_t id : at->second.files) {
      const auto found = files_.find(id);
      if (found == files_.end()) continue;
      FileState& file = found->second;
      if (is_settled) {
        for (Pending& pending : file.pending)
          if (pending.token == token) pending.is_settled = true;
        if (advance(file)) changed.push_back(id);
      } else if (!file.is_lost) {
        file.is_lost = true;
        lost_.push_back(id);
        wake = wake_;
      }
    }
    end_batch(at->second);
    batches_.erase(at);
    write(changed);
  }
  if (wake) wake();
}

void Positions::end_batch(const Batch& batch) {
  unsettled_bytes_ -= batch.bytes;
  if (is_waited_for_) settled_.notify_all();
}

void Positions::write(std::span<const std::uint32_t> changed) {
  if (!journal_ || changed.empty()) return;
  std::vector<PositionUpdate> updates;
  for (const std::uint32_t id : changed) {
    const FileRecord& record = files_[id].record;
    updates.push_back({id, record.position, record.size, record.modified_nanos});
  }
  write_records(encode_positions(updates));
}

void Positions::write_records(const std::string& records) {
  if (!journal_) return;
  Result<void> written;
  if (is_rewrite_due_ || journal_->is_bloated()) {
    // `records` is not in files_ yet for a file being added: the append below follows the rewrite.
    std::map<std::uint32_t, FileRecord> live;
    for (const auto& [id, file] : files_) live.emplace(id, file.record);
    written = journal_->rewrite(live);
  }
  if (written) written = journal_->append(records);
  is_rewrite_due_ = !written;
  if (written) return;
  ++journal_failures_;
  log_.warn("file_log could not write its checkpoint; positions stay in memory until it can",
            {{"error", written.error().message()}});
}

std::vector<std::uint32_t> Positions::take_lost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lost_, {});
}

std::uint64_t Positions::rewind(std::uint32_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(id);
  if (at == files_.end()) return 0;
  at->second.is_lost = false;
  at->second.pending.clear();
  return at->second.record.position;
}

std::uint64_t Positions::delivered_until(std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(id);
  if (at == files_.end()) return 0;
  return at->second.pending.empty() ? at->second.record.position : at->second.pending.back().part.safe;
}

std::uint64_t Positions::committed(std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(id);
  return at == files_.end() ? 0 : at->second.record.position;
}

bool Positions::has_unsettled(std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(id);
  return at != files_.end() && !at->second.pending.empty();
}

std::uint64_t Positions::unsettled_bytes() const {
  const std::lock_guard lock(mutex_);
  return unsettled_bytes_;
}

std::uint64_t Positions::journal_failures() const {
  const std::lock_guard lock(mutex_);
  return journal_failures_;
}

bool Positions::wait_below(std::uint64_t bytes, Instant until, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  is_waited_for_ = true;
  settled_.wait_until(lock, stop, until, [&] { return unsettled_bytes_ <= bytes || !lost_.empty(); });
  is_waited_for_ = false;
  return unsettled_bytes_ <= bytes;
}

}  // namespace rankwire::file_log
