// Any bytes as a statement, a condition or a value, by the first byte: what is accepted is printed, and the
// print is accepted and says the same. What is refused has a place inside of the text.
#include <cstdlib>

#include "ottl/syntax/parser.hpp"
#include "ottl/syntax/print.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::ottl;

template <class Parse>
void check(std::string_view text, Parse parse) {
  Problem problem;
  const auto tree = parse(text, &problem);
  if (!tree) {
    if (tree.error().kind() != ErrorKind::invalid || problem.offset > text.size() || problem.message.empty())
      std::abort();
    if (problem.place != place_in(text, problem.offset)) std::abort();
    return;
  }
  const std::string printed = print(*tree);
  if (printed.size() > text_bytes_max) return;  // Escapes made it longer than what is accepted.
  const auto again = parse(printed, &problem);
  if (!again || !same(*tree, *again) || print(*again) != printed) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: check(text, parse_statement); break;
    case 1: check(text, parse_condition); break;
    default: check(text, parse_value); break;
  }
  return 0;
}
