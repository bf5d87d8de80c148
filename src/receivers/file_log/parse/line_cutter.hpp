// Finds the ends of entries where they are not simply line feed bytes: two-byte encodings,
// multi-line patterns, and `nop`, which does not cut at all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rankwire::file_log {

class LineCutter {
 public:
  struct Cut {
    std::size_t taken = 0;  // 0: no whole entry in the data; more is needed.
    std::string_view text;  // May be shorter than what was taken.
  };

  virtual ~LineCutter() = default;
  // `searched` bytes at the start of `data` were searched before without result. With `is_end`
  // what is left when nothing is found is the last entry, also to be taken through here.
  virtual Cut next(std::string_view data, std::size_t searched, bool is_end) const = 0;
};

// Lines that end with a two-byte line feed.
std::unique_ptr<LineCutter> make_wide_line_cutter(bool is_big_endian);
// Whatever there is, up to `size_max`.
std::unique_ptr<LineCutter> make_whole_cutter(std::size_t size_max);
// An entry begins (ends) where `pattern` matches; `omit` leaves the match out of the text.
Result<std::unique_ptr<LineCutter>> make_start_cutter(const std::string& pattern, bool omit, bool is_utf8);
Result<std::unique_ptr<LineCutter>> make_end_cutter(const std::string& pattern, bool omit, bool is_utf8);

}  // namespace rankwire::file_log
