// What is put where a regular expression matched, in Go's syntax: $1, $name, ${name} and $$.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rankwire::text {

class Replacement {
 public:
  Replacement() = default;
  // `group_names` as of the pattern: empty where a group has none. "$1x" is the group named "1x": none, so nothing.
  Replacement(std::string_view text, std::span<const std::string> group_names);

  // How many groups must be captured for it, the whole match (group 0) included; 0: it is the same for every match.
  std::size_t groups_needed() const { return groups_needed_; }
  void append(std::span<const std::string_view> groups, std::string& into) const {
    for (const Piece& piece : pieces_) into.append(piece.group < 0 ? piece.text : groups[piece.number()]);
  }

 private:
  struct Piece {
    int group = -1;  // Below 0: `text`.
    std::string text;

    std::size_t number() const { return static_cast<std::size_t>(group); }
  };

  void add_text(std::string_view text);
  void add_reference(std::string_view name, std::span<const std::string> group_names);

  std::vector<Piece> pieces_;
  std::size_t groups_needed_ = 0;
};

}  // namespace rankwire::text
