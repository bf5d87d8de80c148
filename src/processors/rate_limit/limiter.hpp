// The buckets of all keys, and what became of records beyond their limits. Not thread-safe: the processor locks, once a
// batch.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "processors/rate_limit/bucket.hpp"
#include "processors/rate_limit/key.hpp"
#include "processors/rate_limit/rate_limit_config.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::rate_limit {

// A key whose excess is shown by its name, as long as the key is remembered.
struct NamedExcess {
  ~NamedExcess() { --*living; }

  std::shared_ptr<int> living;
  std::shared_ptr<std::atomic<std::uint64_t>> records;
  std::shared_ptr<void> series;
};

struct KeyState {
  Bucket bucket;
  std::uint64_t passed_over = 0;  // Beyond the limit since one was kept.
  std::unique_ptr<NamedExcess> excess;
};

class Limiter {
 public:
  // Keys shown by name at once.
  static constexpr int named_max = 100;

  Limiter(const RateLimitConfig& config, Counters& counters, const std::string& processor);

  void begin(Instant now);
  // Filled up to now. Stays until the next `begin`.
  KeyState& of(const Identity& key);
  const Limits& limits() const { return limits_; }
  bool has_room(const KeyState& state) const { return state.bucket.has_room(limits_); }
  // Whether this one beyond the limit is the one that is kept.
  bool is_sampled(KeyState& state) const;
  template <class Text>
  void count_excess(KeyState& state, std::uint64_t records, Text text) {
    total_.add(records);
    if (!state.excess && *living_ < named_max) name(state, text());
    if (state.excess) state.excess->records->fetch_add(records, std::memory_order_relaxed);
  }

 private:
  void name(KeyState& state, const std::string& key);

  const Limits limits_;
  const std::uint64_t keep_one_in_;
  const bool is_sampling_;
  Counters& counters_;
  const std::string processor_;
  Counter& total_;
  const std::shared_ptr<int> living_ = std::make_shared<int>(0);
  Instant now_{};
  ExpiringMap<KeyState> keys_;
  KeyState others_;  // Of the keys beyond the most that are told apart.
};

}  // namespace rankwire::rate_limit
