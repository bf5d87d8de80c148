#include "processors/tail_sampling/value_matcher.hpp"

#include <algorithm>

namespace rankwire::tail_sampling {

ValueMatcher::ValueMatcher(const StringAttributeSettings& settings) {
  if (!settings.enabled_regex_matching) {
    std::copy_if(settings.values.begin(), settings.values.end(), std::back_inserter(values_),
                 [](const std::string& value) { return !value.empty(); });
    std::sort(values_.begin(), values_.end());
    return;
  }
  constexpr std::int64_t remembered_by_default = 128;
  remembered_max_ =
      static_cast<std::size_t>(settings.cache_max_size > 0 ? settings.cache_max_size : remembered_by_default);
  for (const std::string& value : settings.values)
    if (auto pattern = text::Pattern::compile(value)) patterns_.push_back(std::move(*pattern));
}

bool ValueMatcher::matches(std::string_view text) {
  if (remembered_max_ == 0) return std::binary_search(values_.begin(), values_.end(), text);
  if (text.size() > remembered_bytes_max) return matches_pattern(text);
  if (const auto found = remembered_.find(text); found != remembered_.end()) return found->second;
  if (remembered_.size() >= remembered_max_) remembered_.clear();
  return remembered_.emplace(text, matches_pattern(text)).first->second;
}

bool ValueMatcher::matches_pattern(std::string_view text) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [text](const text::Pattern& pattern) { return pattern.matches(text); });
}

}  // namespace rankwire::tail_sampling
