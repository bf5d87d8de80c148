// Randomness comes in through the constructor, so that one seed decides a whole simulated run.
#pragma once

#include <cstdint>
#include <memory>

namespace rankwire {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;                                        // Any thread.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // In [0, 1).
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
};

// Seeded from the system, or from `seed` for tests. Not for secrets.
std::unique_ptr<Random> make_random();
std::unique_ptr<Random> make_random(std::uint64_t seed);

}  // namespace rankwire
