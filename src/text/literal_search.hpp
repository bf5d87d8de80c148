// Finds one literal in many short texts. memmem prepares a table at each call, which costs more than
// the search itself when a text is a log line.
#pragma once

#include <string>
#include <string_view>

namespace rankwire::text {

// Thread-safe once made.
class LiteralSearch {
 public:
  static constexpr std::size_t npos = std::string_view::npos;

  LiteralSearch() = default;
  explicit LiteralSearch(std::string literal);

  const std::string& literal() const { return literal_; }
  // Where the literal begins first at or after `from`; npos: nowhere.
  std::size_t find(std::string_view text, std::size_t from) const;

 private:
  std::string literal_;
  // Offsets in the literal of its two rarest bytes: both must match before the rest is compared.
  std::size_t rare_ = 0;
  std::size_t second_ = 0;
  bool is_wide_ = false;  // The processor compares 32 bytes at once.
};

}  // namespace rankwire::text
