#include "receivers/file_log/checkpoint.hpp"

#include <xxhash.h>
#include <bit>

#include <cstring>

namespace rankwire::file_log {
namespace {

constexpr std::string_view magic = "RWPOS\r\n\x1a";
constexpr std::uint32_t record_marker = 0x52575031;  // Found again after damage.
constexpr std::size_t frame_size = 12;               // Marker, length, checksum.
constexpr std::size_t payload_size_max = 1 << 20;
constexpr std::uint64_t journal_size_max = 1ull << 30;

enum class Kind : std::uint8_t { file = 1, positions = 2, forget = 3 };

template <class N>
void put(std::string& out, N number) {
  for (std::size_t i = 0; i < sizeof(N); ++i) out.push_back(static_cast<char>(number >> (8 * i)));
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}
  template <class N>
  N number() {
    if (bytes_.size() < sizeof(N)) {
      is_bad_ = true;
      bytes_ = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(N); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    bytes_.remove_prefix(sizeof(N));
    return static_cast<N>(value);
  }
  std::string_view rest() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  bool is_bad() const { return is_bad_; }

 private:
  std::string_view bytes_;
  bool is_bad_ = false;
};

std::string framed(const std::string& payload) {
  std::string record;
  record.reserve(frame_size + payload.size());
  put(record, record_marker);
  put(record, static_cast<std::uint32_t>(payload.size()));
  put(record, static_cast<std::uint32_t>(XXH3_64bits(payload.data(), payload.size())));
  return record + payload;
}

// False if the payload, though whole, makes no sense.
bool apply(std::string_view payload, std::map<std::uint32_t, FileRecord>& files) {
  Decoder d(payload);
  const auto kind = static_cast<Kind>(d.number<std::uint8_t>());
  if (kind == Kind::file) {
    const auto id = d.number<std::uint32_t>();
    FileRecord file;
    file.identity = {d.number<std::uint64_t>(), d.number<std::uint64_t>(), d.number<std::uint64_t>()};
    file.fingerprint = {d.number<std::uint32_t>(), d.number<std::uint64_t>()};
    file.position = d.number<std::uint64_t>();
    file.size = d.number<std::uint64_t>();
    file.modified_nanos = d.number<std::uint64_t>();
    file.is_finished = d.number<std::uint8_t>() != 0;
    if (d.is_bad()) return false;
    const std::size_t cut = d.rest().find('\0');
    file.path = std::string(d.rest().substr(0, cut));
    file.real_path = cut == std::string_view::npos ? file.path : std::string(d.rest().substr(cut + 1));
    files[id] = std::move(file);
    return true;
  }
  if (kind == Kind::positions) {
    while (!d.empty()) {
      const auto id = d.number<std::uint32_t>();
      const auto position = d.number<std::uint64_t>();
      const auto size = d.number<std::uint64_t>();
      const auto modified = d.number<std::uint64_t>();
      if (d.is_bad()) return false;
      const auto at = files.find(id);
      if (at == files.end()) continue;
      at->second.position = position;
      at->second.size = size;
      at->second.modified_nanos = modified;
    }
    return true;
  }
  if (kind != Kind::forget) return false;
  const auto id = d.number<std::uint32_t>();
  if (!d.is_bad()) files.erase(id);
  return !d.is_bad();
}

}  // namespace

std::string encode_header() {
  std::string header(magic);
  put(header, checkpoint_version);
  return header;
}

std::string encode_file(std::uint32_t id, const FileRecord& file) {
  std::string payload;
  put(payload, static_cast<std::uint8_t>(Kind::file));
  put(payload, id);
  put(payload, file.identity.device);
  put(payload, file.identity.inode);
  put(payload, file.identity.birth_nanos);
  put(payload, file.fingerprint.length);
  put(payload, file.fingerprint.hash);
  put(payload, file.position);
  put(payload, file.size);
  put(payload, file.modified_nanos);
  put(payload, static_cast<std::uint8_t>(file.is_finished ? 1 : 0));
  return framed(payload + file.path + '\0' + file.real_path);
}

std::string encode_positions(std::span<const PositionUpdate> updates) {
  std::string payload;
  put(payload, static_cast<std::uint8_t>(Kind::positions));
  for (const PositionUpdate& update : updates) {
    put(payload, update.id);
    put(payload, update.position);
    put(payload, update.size);
    put(payload, update.modified_nanos);
  }
  return framed(payload);
}

std::string encode_forget(std::uint32_t id) {
  std::string payload;
  put(payload, static_cast<std::uint8_t>(Kind::forget));
  put(payload, id);
  return framed(payload);
}

Result<CheckpointContents> decode_checkpoint(std::string_view bytes) {
  CheckpointContents contents;
  if (bytes.size() < magic.size() + 4 || !bytes.starts_with(magic)) {
    contents.damaged = bytes.empty() ? 0 : 1;
    return contents;
  }
  const auto version = Decoder(bytes.substr(magic.size())).number<std::uint32_t>();
  // A number that one flipped bit makes of ours is never given to a format, nor is one far beyond: that is damage.
  constexpr std::uint32_t plausible_max = 1000;
  const bool is_damaged = version > plausible_max || std::popcount(version ^ checkpoint_version) == 1;
  if (is_damaged) contents.damaged = 1;
  if (version > checkpoint_version && !is_damaged)
    return Error(ErrorKind::invalid, "the checkpoint has format version " + std::to_string(version) +
                                         ", newer than this program's " + std::to_string(checkpoint_version));
  std::string marker;
  put(marker, record_marker);
  std::size_t at = magic.size() + 4;
  while (at < bytes.size()) {
    Decoder frame(bytes.substr(at));
    const bool is_marked = frame.number<std::uint32_t>() == record_marker;
    const auto size = frame.number<std::uint32_t>();
    const auto checksum = frame.number<std::uint32_t>();
    if (is_marked && !frame.is_bad() && size <= payload_size_max && size <= frame.rest().size()) {
      const std::string_view payload = frame.rest().substr(0, size);
      if (static_cast<std::uint32_t>(XXH3_64bits(payload.data(), size)) == checksum && apply(payload, contents.files)) {
        at += frame_size + size;
        continue;
      }
    }
    ++contents.damaged;
    at = bytes.find(marker, at + 1);
  }
  return contents;
}

Result<std::unique_ptr<CheckpointJournal>> CheckpointJournal::open(FileSystem& files, const std::string& directory,
                                                                   bool must_sync, CheckpointContents& contents) {
  std::unique_ptr<CheckpointJournal> journal(new CheckpointJournal(files, directory + "/positions.journal", must_sync));
  auto bytes = read_file(files, journal->path_, journal_size_max);
  if (bytes) {
    auto decoded = decode_checkpoint(*bytes);
    if (!decoded) return std::move(decoded).error().during("reading " + journal->path_);
    contents = std::move(*decoded);
    journal->existed_ = !bytes->empty();
  } else if (!is_missing(bytes.error())) {
    return bytes.error();
  }
  // Starting from a fresh file drops damage and what was superseded.
  RANKWIRE_TRY(journal->rewrite(contents.files));
  return journal;
}

Result<void> CheckpointJournal::reopen() {
  auto file = files_.open(path_, {.write = true, .create = true, .follow_symlinks = false});
  if (!file) return file.error();
  file_ = std::move(*file);
  return {};
}

Result<void> CheckpointJournal::append(std::string_view records) {
  RANKWIRE_TRY(file_->append(records));
  size_ += records.size();
  return must_sync_ ? file_->sync() : Result<void>{};
}

Result<void> CheckpointJournal::rewrite(const std::map<std::uint32_t, FileRecord>& live) {
  std::string bytes = encode_header();
  for (const auto& [id, file] : live) bytes += encode_file(id, file);
  RANKWIRE_TRY(write_file_atomically(files_, path_, bytes, must_sync_));
  RANKWIRE_TRY(reopen());
  size_ = rewritten_size_ = bytes.size();
  return {};
}

}  // namespace rankwire::file_log
