// A small file with a secret that is read again when it has become another: by whoever uses it, at most once a second,
// so that there is no thread and an idle agent does nothing. Follows the links by which Kubernetes swaps a mounted
// secret.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/bytes.hpp"
#include "component/factory.hpp"

namespace rankwire {

class WatchedFile {
 public:
  // Gets the text; an error keeps what there was.
  using Take = std::function<Result<void>(std::string text)>;

  WatchedFile(std::string path, const ComponentContext& context, Take take, Bytes size_max = 64_KiB)
      : path_(std::move(path)),
        files_(context.environment.files),
        clock_(context.environment.clock),
        log_(context.environment.log),
        owner_(context.id.text()),
        take_(std::move(take)),
        size_max_(size_max) {}

  // The first time.
  Result<void> read();
  // Any thread. What goes wrong is logged; without the file, or with one that makes no sense, nothing changes.
  void look();
  const std::string& path() const { return path_; }

 private:
  Result<void> take(const FileStatus& status);

  const std::string path_;
  FileSystem& files_;
  Clock& clock_;
  Logger& log_;
  const std::string owner_;
  const Take take_;
  const Bytes size_max_;
  std::mutex mutex_;
  FileIdentity identity_;  // Guarded by mutex_, as is what follows.
  std::uint64_t modified_ = 0, size_ = 0;
  Instant next_look_{};
};

}  // namespace rankwire
