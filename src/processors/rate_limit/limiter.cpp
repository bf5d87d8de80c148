#include "processors/rate_limit/limiter.hpp"

namespace rankwire::rate_limit {
namespace {

std::string_view name_of(Excess excess) {
  return excess == Excess::hold_back ? "hold_back" : excess == Excess::sample ? "sample" : "drop";
}

}  // namespace

Limiter::Limiter(const RateLimitConfig& config, Counters& counters, const std::string& processor)
    : limits_{{config.records_per_second, static_cast<double>(config.bytes_per_second.count)},
              std::chrono::duration<double>(config.burst).count()},
      keep_one_in_(config.keep_one_in),
      is_sampling_(config.excess == Excess::sample),
      counters_(counters),
      processor_(processor),
      total_(counters.counter("rankwire_rate_limit_excess_records_total",
                              "Records beyond the limit of their key: held back each time they came, or dropped.",
                              {{"processor", processor}, {"excess", std::string(name_of(config.excess))}})),
      keys_({.bytes_max = {config.keys_max * ExpiringMap<KeyState>::entry_bytes},
             .idle_max = config.expire_after,
             .gives_way = WhenFull::new_entry},
            StateFigures(counters, {{"processor", processor}})) {}

void Limiter::begin(Instant now) {
  now_ = now;
  keys_.expire(now);
}

KeyState& Limiter::of(const Identity& key) {
  const auto found = keys_.find_or_add(key, now_);
  KeyState& state = found.entry ? found.entry->state : others_;
  state.bucket.fill(limits_, now_);
  return state;
}

bool Limiter::is_sampled(KeyState& state) const {
  if (!is_sampling_ || ++state.passed_over < keep_one_in_) return false;
  state.passed_over = 0;
  return true;
}

void Limiter::name(KeyState& state, const std::string& key) {
  ++*living_;
  auto records = std::make_shared<std::atomic<std::uint64_t>>(0);
  auto series = counters_.observe_counter(
      "rankwire_rate_limit_key_excess_records_total", "Of the keys that are beyond their limit, while remembered.",
      {{"processor", processor_}, {"key", &state == &others_ ? "others" : key}},
      [records] { return static_cast<double>(records->load(std::memory_order_relaxed)); });
  state.excess.reset(new NamedExcess{living_, std::move(records), std::move(series)});
}

}  // namespace rankwire::rate_limit
