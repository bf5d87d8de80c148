#include "receivers/kmsg/kernel_record.hpp"

#include <charconv>

namespace rankwire::kmsg {
namespace {

constexpr std::uint32_t levels = 8;
constexpr std::size_t details_max = 16;

// The part before the next comma, which goes with it.
std::string_view next_part(std::string_view& header) {
  const std::size_t end = header.find(',');
  const std::string_view part = header.substr(0, end);
  header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
  return part;
}

template <class N>
bool read_number(std::string_view text, N& into) {
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, into);
  return problem == std::errc() && at == end;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// "\x0a" is the byte 10; the kernel writes what is no printable ASCII so, and the backslash itself.
void append_unescaped(std::string_view escaped, std::string& to) {
  constexpr std::size_t escape_size = 4;
  while (!escaped.empty()) {
    const std::size_t plain = std::min(escaped.find('\\'), escaped.size());
    to.append(escaped.substr(0, plain));
    escaped.remove_prefix(plain);
    if (escaped.empty()) return;
    const bool is_whole = escaped.size() >= escape_size && escaped[1] == 'x';
    const int high = is_whole ? hex_digit(escaped[2]) : -1, low = is_whole ? hex_digit(escaped[3]) : -1;
    const bool is_escape = high >= 0 && low >= 0;
    to.push_back(is_escape ? static_cast<char>(high * 16 + low) : '\\');
    escaped.remove_prefix(is_escape ? escape_size : 1);
  }
}

bool read_header(std::string_view header, KernelRecord& into) {
  std::uint32_t priority = 0;
  if (!read_number(next_part(header), priority)) return false;
  into.level = priority % levels;
  into.facility = priority / levels;
  if (!read_number(next_part(header), into.sequence)) return false;
  if (!read_number(next_part(header), into.since_boot_micros)) return false;
  const std::string_view flags = next_part(header);
  if (flags.empty()) return false;
  into.is_continued = flags.find('c') != std::string_view::npos;
  into.is_rest = flags.find('+') != std::string_view::npos;
  into.thread = 0;
  constexpr std::string_view caller = "caller=T";
  while (!header.empty())
    if (const std::string_view more = next_part(header); more.starts_with(caller))
      (void)read_number(more.substr(caller.size()), into.thread);
  return true;
}

}  // namespace

bool next_record(std::string_view& bytes, std::string_view& record) {
  std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return false;
  while (end + 1 < bytes.size() && bytes[end + 1] == ' ') {
    const std::size_t next = bytes.find('\n', end + 1);
    if (next == std::string_view::npos) return false;
    end = next;
  }
  record = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return true;
}

bool read_record(std::string_view bytes, KernelRecord& into) {
  const std::size_t header = bytes.find(';');
  if (header == std::string_view::npos || !read_header(bytes.substr(0, header), into)) return false;
  bytes.remove_prefix(header + 1);
  std::size_t end = std::min(bytes.find('\n'), bytes.size());
  into.text.clear();
  append_unescaped(bytes.substr(0, end), into.text);
  into.details.clear();
  while (end < bytes.size()) {
    bytes.remove_prefix(end + 1);
    end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    const std::size_t equals = line.find('=');
    if (!line.starts_with(' ') || equals == std::string_view::npos || into.details.size() == details_max) continue;
    auto& [key, value] = into.details.emplace_back();
    append_unescaped(line.substr(1, equals - 1), key);
    append_unescaped(line.substr(equals + 1), value);
  }
  return true;
}

}  // namespace rankwire::kmsg
