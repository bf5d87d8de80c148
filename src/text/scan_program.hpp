// A regular expression as a sequence of steps over bytes, for the patterns that lines are taken apart with.
// Mostly taking as much as possible at each step is provably what backtracking would find, because what a
// repetition takes never overlaps with what must follow it; elsewhere it does go back, within a budget.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rankwire::text {

class ScanProgram {
 public:
  enum class Outcome : std::uint8_t { matched, failed, gave_up };

  // Nothing when `pattern` holds something that is not known here.
  static std::optional<ScanProgram> compile(std::string_view pattern);

  // `text` must be valid UTF-8. Groups count from 0 here; they must be empty and are so again unless it
  // matched. Gives up, unless it is straight, when it has gone back too often.
  Outcome match(std::string_view text, std::span<std::string_view> groups) const {
    return is_straight_ ? match_straight(text, groups) : match_going_back(text, groups);
  }
  std::size_t group_count() const { return group_count_; }
  // Begins with ^ and never goes back.
  bool is_straight() const { return is_straight_; }

 private:
  using Bytes = std::bitset<256>;
  using ByteTable = std::array<bool, 256>;
  enum class StepType : std::uint8_t { literal, repeat, until, open, close, end, split, jump };
  struct Step {
    StepType type = StepType::literal;
    std::uint8_t stop = 0;      // until: the only byte not taken.
    bool is_lazy = false;       // repeat, until: as little as possible.
    bool may_go_back = false;   // repeat, until: what follows may begin inside of what was taken.
    std::uint16_t group = 0;    // open, close.
    std::uint32_t min = 1;      // repeat, until.
    std::uint32_t max = 0;      // repeat; 0: unbounded.
    std::uint32_t forward = 0;  // split, jump: how many steps further the other way begins.
    std::string text;           // literal.
    Bytes bytes;                // repeat: what is taken.
    ByteTable taken{};
    // What can follow: after a repetition that may go back, or on the first way of a split.
    ByteTable next{};
    ByteTable next_other{};  // On the other way of a split.
    bool next_may_end = false;
    bool other_may_end = false;
  };
  // What a match from a step on can begin with.
  struct First {
    Bytes bytes;
    bool may_be_empty = false;
  };
  class Parser;
  class Walk;

  First first_from(std::size_t step) const;
  // Finds out where going back may be necessary; false: where it could stop inside of a character.
  bool prepare();
  Outcome match_straight(std::string_view text, std::span<std::string_view> groups) const;
  Outcome match_going_back(std::string_view text, std::span<std::string_view> groups) const;

  std::vector<Step> steps_;
  std::size_t group_count_ = 0;
  bool is_anchored_ = false;
  bool is_straight_ = false;
  ByteTable starts_{};  // Bytes that a match can begin with.
  bool may_be_empty_ = false;
};

}  // namespace rankwire::text
