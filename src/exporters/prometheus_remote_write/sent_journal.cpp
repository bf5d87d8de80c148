#include "exporters/prometheus_remote_write/sent_journal.hpp"

#include <cstring>

namespace rankwire::prometheus_remote_write {
namespace {

constexpr std::uint64_t file_bytes_max = 64 << 20;
constexpr std::size_t entry_bytes = 24;
constexpr std::size_t header_bytes = 16;

// Little-endian, as every machine that we run on.
template <class Word>
Word word_at(std::string_view bytes, std::size_t at) {
  Word word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

template <class Word>
void append_word(std::string& to, Word word) {
  char bytes[sizeof word];
  std::memcpy(bytes, &word, sizeof word);
  to.append(bytes, sizeof word);
}

}  // namespace

// Blocks of a count, a checksum of the entries, and the entries.
SentSamples read_sent_samples(std::string_view bytes, std::uint64_t& whole_bytes) {
  SentSamples samples;
  const std::size_t all = bytes.size();
  whole_bytes = 0;
  while (bytes.size() >= header_bytes) {
    const auto count = word_at<std::uint64_t>(bytes, 0);
    const auto checksum = word_at<std::uint64_t>(bytes, 8);
    bytes.remove_prefix(header_bytes);
    if (count > bytes.size() / entry_bytes) break;
    const std::string_view entries = bytes.substr(0, count * entry_bytes);
    if (identity_of(entries).low != checksum) break;
    for (std::size_t at = 0; at < entries.size(); at += entry_bytes)
      samples.insert({{word_at<std::uint64_t>(entries, at), word_at<std::uint64_t>(entries, at + 8)},
                      word_at<std::int64_t>(entries, at + 16)});
    bytes.remove_prefix(entries.size());
    whole_bytes = all - bytes.size();
  }
  return samples;
}

Result<void> SentJournal::open(FileSystem& files, const std::string& directory) {
  const std::string path = directory + "/sent";
  auto held = read_file(files, path, file_bytes_max);
  if (held) found_ = read_sent_samples(*held, size_);
  if (!held && !is_missing(held.error())) return std::move(held).error().during("reading " + path);
  auto opened = files.open(path, {.write = true, .create = true});
  if (!opened) return std::move(opened).error().during("opening " + path);
  file_ = std::move(*opened);
  return {};
}

void SentJournal::begin_batch(bool is_of_last_process) {
  if (is_of_last_process) return;
  found_.clear();
  size_ = 0;
  if (file_ != nullptr && !file_->truncate(0)) file_.reset();
}

void SentJournal::add(const std::vector<SentSample>& samples) {
  if (file_ == nullptr) return;
  std::string entries;
  entries.reserve(samples.size() * entry_bytes);
  for (const SentSample& sample : samples) {
    append_word(entries, sample.series.low);
    append_word(entries, sample.series.high);
    append_word(entries, sample.time_millis);
  }
  std::string header;
  append_word(header, std::uint64_t{samples.size()});
  append_word(header, identity_of(entries).low);
  const std::string block = header + entries;
  if (size_ + block.size() > file_bytes_max || !file_->write_at(size_, block)) return file_.reset();
  size_ += block.size();
}

}  // namespace rankwire::prometheus_remote_write
