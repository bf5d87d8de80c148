#include "processors/rate_limit/rate_limit_config.hpp"

#include "processors/rate_limit/key.hpp"

namespace rankwire::rate_limit {

void RateLimitConfig::fields(config::Fields& f) {
  f.field("keys", keys, "Who has a limit of its own: pod, namespace, resource.<attribute>, record.<attribute>.");
  f.field("records_per_second", records_per_second, "Log records, spans or data points of one key; 0: any number.",
          {.min = 0, .max = 1e12});
  f.field("bytes_per_second", bytes_per_second, "Bytes of texts and values of one key; 0: any number.",
          {.min = 0, .max = 1e15});
  f.field("burst", burst, "How long a key that was quiet may save up what it did not use.",
          {.min = 1e6, .max = 3.6e12});
  f.choice("excess", excess,
           {{"hold_back", static_cast<int>(Excess::hold_back)},
            {"sample", static_cast<int>(Excess::sample)},
            {"drop", static_cast<int>(Excess::drop)}},
           "What becomes of more than that.");
  f.field("keep_one_in", keep_one_in, "With sample: of so many records beyond the limit, one is kept.",
          {.min = 2, .max = 1e9});
  f.field("keys_max", keys_max, "How many keys are told apart; those beyond share one limit.", {.min = 1, .max = 1e6});
  f.field("expire_after", expire_after, "A key without records is forgotten after this time.", {.min = 1e9});
}

void RateLimitConfig::validate(config::Validator& v) const {
  if (records_per_second == 0 && bytes_per_second.count == 0)
    v.error("", "limits nothing", "set records_per_second or bytes_per_second");
  for (const std::string& key : keys)
    if (const auto parts = KeyReader::compile({key}); !parts) v.error("keys", parts.error().message());
}

}  // namespace rankwire::rate_limit
