#include "receivers/file_log/fingerprint.hpp"

#include <xxhash.h>

#include <algorithm>

namespace rankwire::file_log {

Fingerprint Fingerprint::of(std::string_view start, std::uint32_t length_max) {
  start = start.substr(0, length_max);
  return {static_cast<std::uint32_t>(start.size()), start.empty() ? 0 : XXH3_64bits(start.data(), start.size())};
}

bool Fingerprint::matches(std::string_view start) const {
  return length != 0 && start.size() >= length && of(start, length) == *this;
}

}  // namespace rankwire::file_log
