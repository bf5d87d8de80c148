// The tiny grammar of conditions about a request: request["name"] == "value", or !=.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "signal/client.hpp"

namespace rankwire::routing {

class RequestCondition {
 public:
  static Result<RequestCondition> parse(std::string_view text);
  // Whether one of the header's values compares so. Without the header, or without headers, never.
  bool holds(const Client* client) const;

 private:
  std::string name_;  // In lower case.
  std::string value_;
  bool is_equal_ = true;
};

}  // namespace rankwire::routing
