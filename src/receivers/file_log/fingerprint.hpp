// What a file begins with, as a hash of its first bytes. Tells a file from another one that got its
// inode, and finds its contents again after they were compressed or copied.
#pragma once

#include <cstdint>
#include <string_view>

namespace rankwire::file_log {

struct Fingerprint {
  std::uint32_t length = 0;  // How many bytes were hashed; 0 matches nothing.
  std::uint64_t hash = 0;

  // Of at most `length_max` bytes of `start`.
  static Fingerprint of(std::string_view start, std::uint32_t length_max);
  // Whether a file that begins with `start` begins with what this was made of.
  bool matches(std::string_view start) const;
  bool operator==(const Fingerprint&) const = default;
};

}  // namespace rankwire::file_log
