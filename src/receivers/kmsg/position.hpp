// How far the kernel's records are settled, on disk. Sequence numbers hold for one boot of the machine.
// Format: docs/formats/kmsg_position.md.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "component/position.hpp"

namespace rankwire::kmsg {

struct StoredPosition {
  std::string boot;
  std::uint64_t next = 0;  // Everything before it is settled.
  bool operator==(const StoredPosition&) const = default;
};

std::string encode_position(const StoredPosition& position);
// Nothing: it is damaged.
std::optional<StoredPosition> decode_position(std::string_view text);

}  // namespace rankwire::kmsg
