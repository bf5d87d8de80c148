// Texts among given ones, or that regular expressions match; answers about those are remembered.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "processors/tail_sampling/tail_sampling_config.hpp"
#include "text/pattern.hpp"

namespace rankwire::tail_sampling {

class ValueMatcher {
 public:
  // Of settings that have been validated.
  explicit ValueMatcher(const StringAttributeSettings& settings);
  bool matches(std::string_view text);

 private:
  // Longer texts are not remembered.
  static constexpr std::size_t remembered_bytes_max = 256;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  bool matches_pattern(std::string_view text) const;

  std::vector<std::string> values_;
  std::vector<text::Pattern> patterns_;
  std::size_t remembered_max_ = 0;
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> remembered_;  // Forgotten as a whole when full.
};

}  // namespace rankwire::tail_sampling
