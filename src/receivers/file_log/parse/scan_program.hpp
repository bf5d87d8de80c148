// A regular expression as a straight sequence of steps, for the patterns where taking as much as
// possible at each step is provably what backtracking would find: what a repetition takes never
// overlaps with what must follow it.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rankwire::file_log {

class ScanProgram {
 public:
  // Nothing when `pattern` is not of the simple kind. Only patterns that begin with ^ are.
  static std::optional<ScanProgram> compile(std::string_view pattern);

  // `text` must be valid UTF-8. Groups count from 0 here.
  bool match(std::string_view text, std::span<std::string_view> groups) const;
  std::size_t group_count() const { return group_count_; }

 private:
  using Bytes = std::bitset<256>;
  enum class StepType : std::uint8_t { literal, repeat, until, open, close, end };
  struct Step {
    StepType type = StepType::literal;
    std::uint8_t stop = 0;    // until: the only byte not taken.
    std::uint16_t group = 0;  // open, close.
    std::uint32_t min = 1;    // repeat, until.
    std::uint32_t max = 0;    // repeat; 0: unbounded.
    std::string text;         // literal.
    Bytes bytes;              // repeat: what is taken.
    std::array<bool, 256> taken{};
  };
  class Parser;

  static bool is_unambiguous(const std::vector<Step>& steps);
  static Bytes first_bytes(const std::vector<Step>& steps, std::size_t from, bool& may_be_empty);

  std::vector<Step> steps_;
  std::size_t group_count_ = 0;
};

}  // namespace rankwire::file_log
