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
  // As in the original, %L, %f and %s print up to 3, 6 and 9 digits of a fraction without zeros at its end, and the
  // point or comma before them only if something follows.
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
