// Finding what must be masked, cheaply: a literal that every match starts with is searched first,
// and the regular expression runs only where it occurs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace re2 {
class RE2;
}

namespace rankwire::redaction {

struct Match {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Thread-safe once compiled.
class MaskPattern {
 public:
  static Result<MaskPattern> compile(const std::string& expression);
  MaskPattern(MaskPattern&&) noexcept;
  ~MaskPattern();

  bool matches(std::string_view text) const;
  // The leftmost match at or after `from`; false if there is none. Empty matches are not reported.
  bool find(std::string_view text, std::size_t from, Match& match) const;

 private:
  MaskPattern(std::unique_ptr<re2::RE2> expression, std::string prefix);
  bool find_by_prefix(std::string_view text, std::size_t from, Match& match) const;

  std::unique_ptr<re2::RE2> expression_;
  std::string prefix_;  // Empty: none is known.
};

// The literal that every match of the expression starts with, as far as reading it from the left
// shows: "customer_id=" of `customer_id=\d+`. Empty when in doubt.
std::string literal_prefix(std::string_view expression);

}  // namespace rankwire::redaction
