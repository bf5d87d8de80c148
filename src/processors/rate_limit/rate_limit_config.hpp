// What the rate_limit processor can be told.
#pragma once

#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::rate_limit {

enum class Excess : std::uint8_t { hold_back, sample, drop };

struct RateLimitConfig {
  std::vector<std::string> keys = {"pod"};
  double records_per_second = 0;
  Bytes bytes_per_second{0};
  Duration burst = std::chrono::seconds(2);
  Excess excess = Excess::hold_back;
  std::uint64_t keep_one_in = 100;
  std::uint64_t keys_max = 10'000;
  Duration expire_after = std::chrono::minutes(10);

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::rate_limit
