#include "component/settings/duration_bounds.hpp"

#include "config/units.hpp"

namespace rankwire {

void check_duration_bounds(const std::string& key, const std::vector<std::string>& bounds, std::size_t count_max,
                           config::Validator& v) {
  if (bounds.size() > count_max) v.error(key, "has more than " + std::to_string(count_max) + " bounds");
  Duration last = Duration::min();
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const std::string item = key + "[" + std::to_string(i) + "]";
    const auto bound = config::parse_duration(bounds[i]);
    if (!bound) {
      v.error(item, bound.error().message());
    } else if (*bound <= last) {
      v.error(item, "must be greater than the bound before it", "sort the bounds");
    } else {
      last = *bound;
    }
  }
}

std::vector<double> numbers_of(const std::vector<std::string>& bounds, Duration unit) {
  std::vector<double> numbers;
  for (const std::string& text : bounds)
    if (const auto bound = config::parse_duration(text))
      numbers.push_back(static_cast<double>(bound->count()) / static_cast<double>(unit.count()));
  return numbers;
}

}  // namespace rankwire
