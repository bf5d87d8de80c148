// A record on its way through the operators. Its values are never changed in place: several
// entries may share them.
#pragma once

#include <cstdint>
#include <string_view>

#include "signal/logs.hpp"

namespace rankwire::file_log {

struct Entry {
  LogRecord record;
  Attributes resource;
  std::string_view scope_name;
  std::uint64_t offset = 0;  // Of its first byte in the file.

  // A second entry that may be changed independently.
  Entry copy(Arena& arena) {
    Entry other = *this;
    other.record.attributes = Attributes::shared(record.attributes.data(), record.attributes.size());
    other.record.attributes.own(arena);
    other.resource = Attributes::shared(resource.data(), resource.size());
    // Whichever of the two changes its resource first makes its own.
    resource = other.resource;
    return other;
  }
};

}  // namespace rankwire::file_log
