// There is no queue in front and no buffer inside: when `send` returns, the batch is the kernel's,
// readers see it, and a kill of the process loses nothing.
#include "exporters/file/file_exporter.hpp"

#include <algorithm>
#include <mutex>

#include "exporters/file/file_config.hpp"
#include "exporters/file/group_path.hpp"
#include "exporters/file/rotating_file.hpp"
#include "net/compression.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::file {

namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

class FileExporter final : public Exporter {
 public:
  FileExporter(const FileConfig& config, const ComponentContext& context)
      : config_(config), environment_(context.environment) {}

  Result<void> start(Host&) override {
    if (config_.is_grouped()) {
      const std::string directory = directory_of(config_.path.substr(0, config_.path.find('*')));
      if (config_.create_directory) RANKWIRE_TRY(make_directory(directory));
      return {};
    }
    if (config_.create_directory) RANKWIRE_TRY(make_directory(directory_of(config_.path)));
    const std::lock_guard lock(mutex_);
    files_.push_back({config_.path, 0, make_file(config_.path)});
    if (auto opened = files_[0].file->open(); !opened)
      return std::move(opened).error().during("opening the file of exporters::file::path");
    return {};
  }

  void stop(Deadline) override {
    const std::lock_guard lock(mutex_);
    files_.clear();
  }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token) override {
    if (batch.record_count() == 0) return Receipt{};
    if (config_.is_grouped()) return send_grouped(batch);
    RANKWIRE_TRY(send_whole(batch));
    return Receipt{};
  }

  std::optional<std::string> unhealthy() const override {
    const std::lock_guard lock(mutex_);
    return problem_;
  }

 private:
  // A file held open; `used_at` counts up with each use.
  struct OpenFile {
    std::string path;
    std::uint64_t used_at = 0;
    std::unique_ptr<RotatingFile> file;
  };
  using Pieces = std::vector<std::string_view>;

  std::unique_ptr<RotatingFile> make_file(const std::string& path) const {
    RotatingFile::Options options;
    if (config_.is_grouped()) {
      // May have been closed for others to be open, so never emptied. The name comes from data.
      options.follows_symlinks = false;
    } else {
      options.keeps_contents = config_.append || config_.rotation.has_value();
      options.rotation = config_.rotation;
    }
    return std::make_unique<RotatingFile>(environment_.files, environment_.clock, environment_.log, path, options);
  }

  Result<void> make_directory(const std::string& directory) const {
    return environment_.files.make_directories(directory, config_.directory_mode());
  }

  Result<void> send_whole(OutgoingBatch& batch) {
    if (config_.format == Format::proto) {
      Pieces pieces;
      for (const SharedBytes& chunk : batch.wire().chunks) pieces.push_back(chunk->view());
      return write(config_.path, std::move(pieces));
    }
    switch (batch.signal()) {
      case Signal::logs: return write_json(batch.logs());
      case Signal::metrics: return write_json(batch.metrics());
      case Signal::traces: return write_json(batch.traces());
    }
    return {};
  }

  template <class Batch>
  Result<void> write_json(Result<const Batch*> batch) {
    if (!batch) return std::move(batch).error();
    return write_encoded(config_.path, **batch);
  }

  template <class Batch>
  Result<void> write_encoded(const std::string& path, const Batch& batch) {
    Buffer buffer = environment_.buffers->take(64 * 1024);
    if (config_.format == Format::json)
      otlp::encode_json(batch, buffer);
    else
      otlp::encode(batch, buffer);
    auto written = write(path, {buffer.view()});
    environment_.buffers->give_back(std::move(buffer));
    return written;
  }

  Result<Receipt> send_grouped(OutgoingBatch& batch) {
    switch (batch.signal()) {
      case Signal::logs: return send_groups(batch.logs());
      case Signal::metrics: return send_groups(batch.metrics());
      case Signal::traces: return send_groups(batch.traces());
    }
    return Receipt{};
  }

  template <class Record>
  Result<Receipt> send_groups(Result<const RecordBatch<Record>*> batch) {
    if (!batch) return std::move(batch).error();
    Receipt receipt;
    std::vector<std::pair<std::string, RecordBatch<Record>>> groups;
    for (const ResourceGroup<Record>& resource : (*batch)->resources) {
      RecordBatch<Record> alone;
      alone.resources.push(alone.arena(), resource);
      const Value* value = find(resource.resource.attributes, config_.group_by->resource_attribute);
      const auto path = group_path(config_.path, value != nullptr && value->is_text() ? value->text() : "");
      if (!path) {
        receipt.rejected += alone.record_count();
        receipt.reason = "no usable " + config_.group_by->resource_attribute + " in the resource";
        continue;
      }
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.first == *path; });
      if (group == groups.end())
        groups.emplace_back(*path, std::move(alone));
      else
        group->second.resources.push(group->second.arena(), resource);
    }
    for (const auto& [path, group] : groups) {
      auto written = write_encoded(path, group);
      if (written) continue;
      if (written.error().kind() != ErrorKind::invalid) return std::move(written).error();
      receipt.rejected += group.record_count();
      receipt.reason = written.error().message();
    }
    return receipt;
  }

  // Frames a message and appends it to the file.
  Result<void> write(const std::string& path, Pieces pieces) {
    Buffer compressed;
    if (config_.compression == Compression::zstd) {
      const int level = static_cast<int>(config_.compression_params.level);
      auto frame = net::compress(net::Encoding::zstd, pieces, level);
      if (!frame) return std::move(frame).error();
      compressed = std::move(*frame);
      pieces = {compressed.view()};
    }
    char length[4];
    if (config_.format == Format::json && config_.compression == Compression::none) {
      pieces.push_back("\n");
    } else {
      std::uint64_t size = 0;
      for (const std::string_view piece : pieces) size += piece.size();
      if (size > UINT32_MAX) return Error(ErrorKind::invalid, "a message of more than 4 GiB");
      for (int i = 0; i < 4; ++i) length[i] = static_cast<char>(size >> (24 - 8 * i));
      pieces.insert(pieces.begin(), {length, sizeof length});
    }
    const std::lock_guard lock(mutex_);
    auto file = file_at(path);
    auto written = file ? (*file)->append(pieces) : Result<void>(std::move(file).error());
    if (!written) {
      const Error& error = written.error();
      problem_ = error.message();
      // A name that comes from data may be impossible (a link, a directory). Otherwise, whatever the
      // disk's reason, the same batch may be written later: nothing is wrong with it.
      const bool is_bad_name = config_.is_grouped() && error.kind() == ErrorKind::invalid && !is_missing(error);
      if (error.kind() == ErrorKind::refused || is_bad_name) return written;
      return Error(ErrorKind::unavailable, *problem_);
    }
    problem_.reset();
    return {};
  }

  // Under mutex_.
  Result<RotatingFile*> file_at(const std::string& path) {
    const auto least = [](const OpenFile& a, const OpenFile& b) { return a.used_at < b.used_at; };
    auto found = std::find_if(files_.begin(), files_.end(), [&](const OpenFile& each) { return each.path == path; });
    if (found == files_.end()) {
      if (config_.is_grouped()) {
        // Values may name sub-directories.
        const std::string base = directory_of(config_.path.substr(0, config_.path.find('*')));
        static_cast<void>(make_directory(base));  // A failure shows when the file is opened.
        RANKWIRE_TRY(make_group_directory(environment_.files, base, path, config_.directory_mode()));
        if (files_.size() >= config_.group_by->max_open_files)
          files_.erase(std::min_element(files_.begin(), files_.end(), least));
      }
      files_.push_back({path, 0, make_file(path)});
      found = files_.end() - 1;
    }
    found->used_at = ++uses_;
    return found->file.get();
  }

  const FileConfig config_;
  Environment& environment_;
  mutable std::mutex mutex_;
  std::vector<OpenFile> files_;  // Guarded by mutex_, as all below.
  std::uint64_t uses_ = 0;
  std::optional<std::string> problem_;  // Of the last write.
};

Result<std::unique_ptr<Exporter>> create(const FileConfig& config, const ComponentContext& context) {
  return std::make_unique<FileExporter>(config, context);
}

}  // namespace

ExporterFactory file_factory() {
  return make_factory<FileConfig>(
      {
          .type = "file",
          .aliases = {},
          .summary = "Writes telemetry to files as OTLP/JSON lines or OTLP messages.",
          .signals = {Signal::logs, Signal::metrics, Signal::traces},
          .stability = Stability::beta,
      },
      create);
}

}  // namespace rankwire::file
