#include "text/replacer.hpp"

namespace rankwire::text {

Result<Replacer> Replacer::compile(const std::string& expression) {
  auto pattern = MaskPattern::compile(expression);
  if (!pattern) return Error(std::move(pattern).error());
  std::vector<std::string> names = pattern->group_names();
  if (names.size() > MaskPattern::groups_max)
    return Error(ErrorKind::invalid, "a regular expression may have at most 64 groups");
  return Replacer(std::move(*pattern), std::move(names));
}

}  // namespace rankwire::text
