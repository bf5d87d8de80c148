#include "text/encoding.hpp"

#include <iconv.h>
#include <simdjson.h>

#include <algorithm>
#include <cerrno>

#include "text/json_text.hpp"

namespace rankwire::text {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// How many bytes at `at` form one valid sequence; 0 if none does, and then `bad` is how many bytes
// to replace.
std::size_t sequence_size(const unsigned char* at, const unsigned char* end, std::size_t& bad) {
  bad = 1;
  const unsigned char first = *at;
  if (first < 0x80) return 1;
  std::size_t size = 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    size = 2;
  } else if ((first & 0xF0) == 0xE0) {
    size = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (at + i == end || at[i] < low || at[i] > high) {
      bad = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return size;
}

class Utf8Decoder final : public Decoder {
 public:
  explicit Utf8Decoder(Encoding encoding) : Decoder(encoding) {}
  std::string_view decode(std::string_view raw, Arena& arena) const override {
    return encoding() == Encoding::utf8 ? repair_utf8(raw, arena) : raw;
  }
};

class Utf16Decoder final : public Decoder {
 public:
  explicit Utf16Decoder(Encoding encoding) : Decoder(encoding) {}
  std::string_view decode(std::string_view raw, Arena& arena) const override {
    const std::size_t units = raw.size() / 2;
    char* const start = static_cast<char*>(arena.allocate(units * 3 + replacement.size(), 1));
    char* to = start;
    for (std::size_t i = 0; i < units; ++i) {
      std::uint32_t unit = unit_at(raw, i);
      if (unit >= 0xD800 && unit < 0xDC00 && i + 1 < units) {
        const std::uint32_t low = unit_at(raw, i + 1);
        if (low >= 0xDC00 && low < 0xE000) {
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
          ++i;
        }
      }
      to = put_utf8(to, unit);
    }
    if (raw.size() % 2 != 0) to = std::copy(replacement.begin(), replacement.end(), to);
    return {start, static_cast<std::size_t>(to - start)};
  }

 private:
  std::uint32_t unit_at(std::string_view raw, std::size_t index) const {
    const auto first = static_cast<unsigned char>(raw[2 * index]);
    const auto second = static_cast<unsigned char>(raw[2 * index + 1]);
    return encoding() == Encoding::utf16be ? first << 8 | second : second << 8 | first;
  }
};

// ISO 8859-1 and Windows-1252, which differ in 0x80–0x9F only. By table, so that they work where
// libc's conversion modules are not installed.
class WesternDecoder final : public Decoder {
 public:
  explicit WesternDecoder(Encoding encoding) : Decoder(encoding) {}
  std::string_view decode(std::string_view raw, Arena& arena) const override {
    static constexpr std::uint16_t windows[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                                  0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
    const bool is_ascii = std::none_of(raw.begin(), raw.end(), [](char c) { return (c & 0x80) != 0; });
    if (is_ascii) return raw;
    char* const start = static_cast<char*>(arena.allocate(raw.size() * 3, 1));
    char* to = start;
    for (const char c : raw) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_special = encoding() == Encoding::windows1252 && byte >= 0x80 && byte < 0xA0;
      to = put_utf8(to, is_special ? windows[byte - 0x80] : byte);
    }
    return {start, static_cast<std::size_t>(to - start)};
  }
};

class IconvDecoder final : public Decoder {
 public:
  explicit IconvDecoder(iconv_t handle) : Decoder(Encoding::other), handle_(handle) {}
  IconvDecoder(const IconvDecoder&) = delete;
  ~IconvDecoder() override { iconv_close(handle_); }
  std::string_view decode(std::string_view raw, Arena& arena) const override {
    std::size_t room = raw.size() * 4 + replacement.size();
    char* const start = static_cast<char*>(arena.allocate(room, 1));
    char* to = start;
    char* from = const_cast<char*>(raw.data());
    std::size_t left = raw.size();
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    while (left != 0 && room > replacement.size()) {
      if (iconv(handle_, &from, &left, &to, &room) != static_cast<std::size_t>(-1)) break;
      if (errno == E2BIG || room < replacement.size()) break;
      to = std::copy(replacement.begin(), replacement.end(), to);
      room -= replacement.size();
      if (errno == EINVAL || left == 0) break;
      ++from;
      --left;
    }
    return {start, static_cast<std::size_t>(to - start)};
  }

 private:
  const iconv_t handle_;
};

// Encodings in which byte 0x0A is always a line feed, so that lines can be cut before decoding.
bool is_safe_to_cut(std::string_view name) {
  constexpr std::string_view prefixes[] = {"iso-8859-", "windows-125", "cp125", "koi8-", "gb", "euc-"};
  for (const std::string_view prefix : prefixes)
    if (name.starts_with(prefix)) return true;
  return name == "big5" || name == "shift_jis";
}

}  // namespace

bool is_valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string_view repair_utf8(std::string_view text, Arena& arena) {
  if (is_valid_utf8(text)) return text;
  // Two passes: the result can be up to three times as long, but hardly ever is.
  const auto* const start = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = start + text.size();
  std::size_t size = 0, bad = 0;
  for (const unsigned char* at = start; at != end;) {
    const std::size_t valid = sequence_size(at, end, bad);
    size += valid != 0 ? valid : replacement.size();
    at += valid != 0 ? valid : bad;
  }
  char* const result = static_cast<char*>(arena.allocate(size, 1));
  char* to = result;
  for (const unsigned char* at = start; at != end;) {
    const std::size_t valid = sequence_size(at, end, bad);
    to = valid != 0 ? std::copy(at, at + valid, to) : std::copy(replacement.begin(), replacement.end(), to);
    at += valid != 0 ? valid : bad;
  }
  return {result, size};
}

Result<std::unique_ptr<Decoder>> Decoder::make(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  using Made = std::unique_ptr<Decoder>;
  if (lower.empty() || lower == "utf-8" || lower == "utf8" || lower == "ascii" || lower == "us-ascii")
    return Made(std::make_unique<Utf8Decoder>(Encoding::utf8));
  if (lower == "utf-8-raw") return Made(std::make_unique<Utf8Decoder>(Encoding::utf8_raw));
  if (lower == "nop") return Made(std::make_unique<Utf8Decoder>(Encoding::raw_bytes));
  if (lower == "utf-16le" || lower == "utf16le") return Made(std::make_unique<Utf16Decoder>(Encoding::utf16le));
  if (lower == "utf-16be" || lower == "utf16be") return Made(std::make_unique<Utf16Decoder>(Encoding::utf16be));
  if (lower == "iso-8859-1" || lower == "latin1" || lower == "latin-1")
    return Made(std::make_unique<WesternDecoder>(Encoding::latin1));
  if (lower == "windows-1252" || lower == "cp1252")
    return Made(std::make_unique<WesternDecoder>(Encoding::windows1252));
  if (is_safe_to_cut(lower)) {
    const iconv_t handle = iconv_open("UTF-8", lower.c_str());
    if (handle != reinterpret_cast<iconv_t>(-1)) return Made(std::make_unique<IconvDecoder>(handle));
  }
  return Error(ErrorKind::invalid, "encoding \"" + std::string(name) +
                                       "\" is not supported; use utf-8, utf-8-raw, nop, ascii, utf-16le, utf-16be, "
                                       "iso-8859-1, windows-1252 or one that this system's iconv knows");
}

}  // namespace rankwire::text
