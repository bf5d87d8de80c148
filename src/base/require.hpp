// Assertions are for our bugs and stay on in release: a broken invariant stops the process, and
// acknowledged data is safe because it is durable or still the sender's. Never assert on input.
#pragma once

#include <source_location>

namespace rankwire {

[[noreturn]] void fail_requirement(const char* what, const std::source_location& where);

inline void require(bool condition, const char* what,
                    const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]]
    fail_requirement(what, where);
}

}  // namespace rankwire
