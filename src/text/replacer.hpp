// Replacing every match of a regular expression, as Go's ReplaceAll does, with the literal prefilter of masks.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "text/mask_pattern.hpp"
#include "text/pattern.hpp"
#include "text/replacement.hpp"

namespace rankwire::text {

// Thread-safe once compiled.
class Replacer {
 public:
  static Result<Replacer> compile(const std::string& expression);

  // Empty: the group has no name.
  const std::vector<std::string>& group_names() const { return names_; }
  bool matches(std::string_view text) const { return pattern_.matches(text); }
  // False, and `out` untouched, if there is no match; `append(groups, out)` puts down what replaces one. groups[0] is
  // the whole match; `groups_needed` of them are captured. An empty match right behind another one is none, as in Go.
  template <class Append>
  bool replace(std::string_view text, std::size_t groups_needed, std::string& out, Append append) const {
    if (groups_needed <= 1) {
      std::array<std::string_view, 1> whole;
      return replace_in(text, whole, out, append);
    }
    std::array<std::string_view, MaskPattern::groups_max + 1> room;
    return replace_in(text, {room.data(), groups_needed}, out, append);
  }
  bool replace(std::string_view text, const Replacement& with, std::string& out) const {
    return replace(text, with.groups_needed(), out,
                   [&](std::span<const std::string_view> groups, std::string& into) { with.append(groups, into); });
  }

 private:
  Replacer(MaskPattern pattern, std::vector<std::string> names)
      : pattern_(std::move(pattern)), names_(std::move(names)) {}

  template <class Append>
  bool replace_in(std::string_view text, std::span<std::string_view> groups, std::string& out, Append append) const {
    std::size_t at = 0, copied = 0;
    bool is_any = false;
    while (at <= text.size() && pattern_.find_groups(text, at, groups)) {
      const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
      const std::size_t end = start + groups[0].size();
      if (!is_any) out.clear();
      is_any = true;
      out.append(text, copied, start - copied);
      if (end > copied || start == 0) append(groups, out);
      copied = end;
      at = std::max(end, at + character_size(text, at));
    }
    if (is_any) out.append(text, copied);
    return is_any;
  }

  MaskPattern pattern_;
  std::vector<std::string> names_;
};

}  // namespace rankwire::text
