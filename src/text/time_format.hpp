// Times as text in a layout of strptime directives, the counterpart of TimeLayout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rankwire::text {

class TimeZone;

class TimeFormat {
 public:
  // %L, %f and %s print 3, 6 and 9 digits of a fraction. As in the original, behind a point or comma they leave out the
  // zeros at its end, and the point or comma too if nothing is left.
  static Result<TimeFormat> make(std::string_view layout);
  void append(std::int64_t unix_nanos, const TimeZone* zone, std::string& out) const;

 private:
  struct Step {
    char directive = 0;  // 0: the text.
    std::string text;
  };
  static bool add(std::string_view layout, std::vector<Step>& steps);

  std::vector<Step> steps_;
};

}  // namespace rankwire::text
