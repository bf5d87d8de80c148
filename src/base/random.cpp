#include "base/random.hpp"

#include <atomic>
#include <random>

namespace rankwire {
namespace {

// SplitMix64: the state is a counter, so drawing is one atomic addition.
class SplitMix final : public Random {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = state_.fetch_add(0x9E3779B97F4A7C15, std::memory_order_relaxed) + 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::atomic<std::uint64_t> state_;
};

}  // namespace

std::unique_ptr<Random> make_random() {
  std::random_device device;
  return make_random((static_cast<std::uint64_t>(device()) << 32) | device());
}

std::unique_ptr<Random> make_random(std::uint64_t seed) { return std::make_unique<SplitMix>(seed); }

}  // namespace rankwire
