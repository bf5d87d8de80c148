#include "receivers/host_metrics/host_files.hpp"

#include <charconv>

namespace rankwire::host_metrics {
namespace {

constexpr std::uint64_t nanos_per_second = 1'000'000'000;
constexpr std::size_t first_piece = 8 << 10;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const std::size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

std::string_view next_word(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) ++begin;
  std::size_t end = begin;
  while (end < line.size() && !is_blank(line[end])) ++end;
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

void skip_words(std::string_view& line, std::size_t count) {
  for (; count != 0; --count) (void)next_word(line);
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return value;
}

std::uint64_t next_number(std::string_view& line) { return number_of(next_word(line)).value_or(0); }

double real_of(std::string_view word) {
  double value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

Result<std::unique_ptr<File>> HostFiles::open(std::string_view path) {
  path_.assign(root_).append(path);
  return files_.open(path_, {});
}

Result<std::string_view> HostFiles::read_into(std::string& buffer, std::string_view path, std::size_t size_max) {
  auto file = open(path);
  if (!file) return std::move(file).error();
  if (buffer.empty()) buffer.resize(first_piece);
  std::size_t size = 0;
  while (size < size_max) {
    if (size == buffer.size()) buffer.resize(buffer.size() * 2);
    const auto count = (*file)->read_at(size, buffer.data() + size, std::min(buffer.size(), size_max) - size);
    if (!count) return count.error();
    size += *count;
    if (*count == 0) break;
  }
  return std::string_view(buffer.data(), size);
}

Result<std::string_view> HostFiles::read(std::string_view path, std::size_t size_max) {
  return read_into(buffer_, path, size_max);
}

Result<std::string_view> HostFiles::stat() {
  if (has_stat_) return std::string_view(stat_);
  auto text = read("/proc/stat");
  if (!text) return text;
  stat_.assign(*text);
  has_stat_ = true;
  return std::string_view(stat_);
}

std::size_t HostFiles::cpu_count() {
  std::string_view text = stat().value_or(std::string_view());
  std::size_t count = 0;
  for (std::string_view line; next_line(text, line);)
    if (line.starts_with("cpu") && line.size() > 3 && line[3] >= '0' && line[3] <= '9') ++count;
  return count;
}

std::uint64_t HostFiles::boot_time() {
  std::string_view text = stat().value_or(std::string_view());
  for (std::string_view line; next_line(text, line);)
    if (next_word(line) == "btime") return next_number(line) * nanos_per_second;
  return 0;
}

}  // namespace rankwire::host_metrics
