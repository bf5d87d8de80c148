#include "extensions/file_storage/file_storage_extension.hpp"

#include <unistd.h>

#include <map>
#include <mutex>

namespace rankwire::file_storage {
namespace {

// Octal, as "0750"; nothing if it is not.
std::optional<std::uint32_t> parse_permissions(std::string_view text) {
  std::uint32_t mode = 0;
  if (text.empty() || text.size() > 5) return {};
  for (const char c : text) {
    if (c < '0' || c > '7') return {};
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  if (mode > 0777) return {};
  return mode;
}

struct FileStorageConfig {
  std::string directory = "/var/lib/otelcol/file_storage";
  bool fsync = false;
  std::uint64_t max_size = 0;
  bool create_directory = false;
  std::string directory_permissions = "0750";

  void fields(config::Fields& f) {
    f.field("directory", directory, "Where the files are. Must exist, unless create_directory is set.");
    f.field("fsync", fsync, "Wait for the disk with each write: survive power loss, not only a crash.");
    f.field("max_size", max_size, "Bytes on disk of each queue; 0: bounded by the queue's own size only.");
    f.field("create_directory", create_directory, "Make the directory if it does not exist.");
    f.field("directory_permissions", directory_permissions, "Of the directory, if it is made; octal.");
    f.ignored("timeout", "the lock is tried once; there is no database to wait for");
    f.ignored("recreate", "damaged records are skipped one by one, so the storage never has to be made anew");
    f.ignored("compaction", "space is freed as the queue empties; there is nothing to compact");
  }
  void validate(config::Validator& v) const {
    if (directory.empty()) v.error("directory", "must be set");
    if (!parse_permissions(directory_permissions))
      v.error("directory_permissions", "must be octal permissions", "for example \"0750\"");
  }
};

void append_escaped(std::string& to, std::string_view text, bool is_name) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                         c == '.' || (c == '_' && !is_name);
    if (is_safe) {
      to += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      to += {'~', digits[byte >> 4], digits[byte & 15]};
    }
  }
}

class FileStorage final : public Extension, public StorageProvider {
 public:
  FileStorage(FileStorageConfig config, const ComponentContext& context)
      : config_(std::move(config)), files_(context.environment.files), log_(context.environment.log) {}

  Result<void> start(Host&) override {
    if (config_.create_directory)
      RANKWIRE_TRY(files_.make_directories(config_.directory, *parse_permissions(config_.directory_permissions)));
    auto status = files_.status(config_.directory);
    if (!status && is_missing(status.error()))
      return Error(ErrorKind::invalid,
                   "directory " + config_.directory + " does not exist: make it, or set create_directory: true");
    if (!status) return std::move(status).error();
    if (status->type != FileType::directory)
      return Error(ErrorKind::invalid, config_.directory + " is not a directory");
    constexpr std::uint32_t sticky = 01000, writable_by_all = 0002;
    const bool is_foreign = status->owner != 0 && status->owner != ::geteuid();
    if (is_foreign || (status->mode & (sticky | writable_by_all)) == writable_by_all)
      log_.warn("another user can remove or replace what is stored here: chown and chmod the directory",
                {{"directory", config_.directory}, {"owner", std::uint64_t{status->owner}}});
    return {};
  }

  void stop(Deadline) override {
    const std::lock_guard guard(mutex_);
    locks_.clear();
  }

  Result<std::string> directory_for(ComponentKind kind, const config::ComponentId& owner,
                                    std::string_view purpose) override {
    const std::string of_owner = config_.directory + "/" + directory_name(kind, owner);
    const std::lock_guard guard(mutex_);
    RANKWIRE_TRY(make_private(of_owner));
    RANKWIRE_TRY(lock(of_owner));
    std::string path = of_owner + "/";
    append_escaped(path, purpose, false);
    RANKWIRE_TRY(make_private(path));
    return path;
  }

  bool must_sync() const override { return config_.fsync; }
  Bytes size_max() const override { return {config_.max_size}; }

 private:
  // Whoever can write to the parent must not be able to lead us elsewhere.
  Result<void> make_private(const std::string& path) {
    auto status = files_.status(path, false);
    if (!status && is_missing(status.error())) {
      RANKWIRE_TRY(files_.make_directories(path, 0700));
      status = files_.status(path, false);
    }
    if (!status) return std::move(status).error();
    if (status->type != FileType::directory)
      return Error(ErrorKind::denied, path + " is not a directory of its own (a symbolic link is not followed)");
    if (status->owner != 0 && status->owner != ::geteuid())
      return Error(ErrorKind::denied, path + " belongs to user " + std::to_string(status->owner) +
                                          ", who could read and change it: chown it to " + std::to_string(::geteuid()) +
                                          ", after a look at what was put there");
    // Of a group it may be: Kubernetes opens volumes to the pod's fsGroup.
    if ((status->mode & 0007) != 0)
      return Error(ErrorKind::denied, path +
                                          " is open to every user of this machine: chmod 700 it, after a look at "
                                          "what was put there");
    return {};
  }

  Result<void> lock(const std::string& directory) {
    if (locks_.contains(directory)) return {};
    auto file = files_.open(directory + "/.lock", {.write = true, .create = true, .follow_symlinks = false});
    if (!file) return std::move(file).error();
    if (auto locked = (*file)->lock(); !locked) {
      if (locked.error().kind() != ErrorKind::refused) return locked;
      return Error(ErrorKind::refused, "another process uses " + directory +
                                           ": two agents need two directories (or two names of this component)");
    }
    locks_.emplace(directory, std::move(*file));
    return {};
  }

  const FileStorageConfig config_;
  FileSystem& files_;
  Logger& log_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<File>> locks_;  // Guarded by mutex_. By directory.
};

Result<std::unique_ptr<Extension>> create(const FileStorageConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<FileStorage>(config, context));
}

}  // namespace

std::string directory_name(ComponentKind kind, const config::ComponentId& owner) {
  std::string name(to_string(kind));
  name += '_';
  append_escaped(name, owner.type, false);
  name += '_';
  append_escaped(name, owner.name, true);
  return name;
}

ExtensionFactory file_storage_factory() {
  return make_factory<FileStorageConfig, Extension>(
      {.type = "file_storage",
       .aliases = {},
       .summary = "Keeps queues and positions on disk, so that they survive a restart.",
       .signals = {},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::file_storage
