// Finding what must be masked, cheaply: a literal that every match starts with is searched first, and
// what follows is looked at only where it occurs; by the regular expression, if it is no simple thing.
#pragma once

#include <bitset>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "text/literal_search.hpp"

namespace re2 {
class RE2;
}

namespace rankwire::text {

struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What every match of an expression starts with, as far as reading it from the left shows.
struct LiteralPrefix {
  std::string text;             // "customer_id=" of `customer_id=\d+`. Empty when in doubt.
  std::string_view expression;  // What follows it: `\d+`.
};
LiteralPrefix literal_prefix(std::string_view expression);

// Thread-safe once compiled.
class MaskPattern {
 public:
  static constexpr std::size_t groups_max = 64;

  static Result<MaskPattern> compile(const std::string& expression);
  MaskPattern(MaskPattern&&) noexcept;
  ~MaskPattern();

  bool matches(std::string_view text) const;
  // The leftmost match at or after `from`; false if there is none. Empty matches are not reported.
  bool find(std::string_view text, std::size_t from, Match& match) const;
  // The same, but empty matches are reported, and groups are captured: groups[0] is the whole match, one that took no
  // part has null data(). At least one group must be asked for.
  bool find_groups(std::string_view text, std::size_t from, std::span<std::string_view> groups) const;
  // Empty: the group has no name.
  std::vector<std::string> group_names() const;

 private:
  enum class Tail : unsigned char { expression, nothing, one_or_more };
  using Bytes256 = std::bitset<256>;

  explicit MaskPattern(std::unique_ptr<re2::RE2> expression);
  bool find_by_prefix(std::string_view text, std::size_t from, Match& match) const;
  // Where a match that has its prefix at `at` ends; `at` if there is no match.
  std::size_t match_end(std::string_view text, std::size_t at) const;

  std::unique_ptr<re2::RE2> expression_;
  LiteralSearch prefix_;  // An empty literal: none is known.
  Tail tail_ = Tail::expression;
  Bytes256 tail_bytes_;  // For one_or_more.
};

}  // namespace rankwire::text
