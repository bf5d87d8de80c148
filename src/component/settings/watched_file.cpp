#include "component/settings/watched_file.hpp"

namespace rankwire {

namespace {
constexpr Duration between_looks = std::chrono::seconds(1);
}

Result<void> WatchedFile::take(const FileStatus& status) {
  Result<std::string> text = read_file(files_, path_, size_max_.count);
  if (!text) return std::move(text).error().during("reading " + path_);
  if (Result<void> taken = take_(std::move(*text)); !taken) return std::move(taken).error().during("reading " + path_);
  identity_ = status.identity;
  modified_ = status.modified_nanos;
  size_ = status.size;
  return {};
}

Result<void> WatchedFile::read() {
  const std::lock_guard lock(mutex_);
  next_look_ = clock_.now() + between_looks;
  const Result<FileStatus> status = files_.status(path_);
  if (!status) return Error(status.error()).during("reading " + path_);
  return take(*status);
}

void WatchedFile::look() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;  // Somebody else is looking.
  const Instant now = clock_.now();
  if (now < next_look_) return;
  next_look_ = now + between_looks;
  const Result<FileStatus> status = files_.status(path_);
  const bool is_same =
      status && status->identity == identity_ && status->modified_nanos == modified_ && status->size == size_;
  if (is_same) return;
  const Result<void> taken = status ? take(*status) : Result<void>(status.error());
  if (taken)
    log_.info("a file with credentials has changed and was read again", {{"component", owner_}, {"path", path_}});
  else
    log_.warn("a file with credentials cannot be read; those of before are used",
              {{"component", owner_}, {"path", path_}, {"problem", taken.error().message()}});
}

}  // namespace rankwire
