#include "base/require.hpp"

#include <cstdio>
#include <cstdlib>

namespace rankwire {

void fail_requirement(const char* what, const std::source_location& where) {
  std::fprintf(stderr, "rankwire: broken invariant: %s (%s:%u, %s)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace rankwire
