// Exponential histograms with any offsets, scales and thresholds are added, and later ones compared with earlier ones.
// Nothing may be lost or made up: every value that was counted is in a bucket or in the zero count.
#include <cstring>

#include "base/require.hpp"
#include "signal/exponential_buckets.hpp"
#include "signal/owned_distribution.hpp"

namespace rankwire {
namespace {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool is_empty() const { return size_ == 0; }
  template <class T>
  T take() {
    T value{};
    const std::size_t count = sizeof value < size_ ? sizeof value : size_;
    std::memcpy(&value, data_, count);
    data_ += count;
    size_ -= count;
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

ExponentialBuckets buckets_from(Input& input, Arena& arena, std::uint64_t& total) {
  ExponentialBuckets buckets;
  buckets.offset = input.take<std::uint8_t>() % 2 == 0 ? input.take<std::int8_t>() : input.take<std::int32_t>();
  for (int left = input.take<std::uint8_t>() % 32; left > 0; --left) {
    total += buckets.bucket_counts.push(arena, input.take<std::uint8_t>());
  }
  return buckets;
}

ExponentialHistogramPoint point_from(Input& input, Arena& arena) {
  ExponentialHistogramPoint point;
  point.scale = input.take<std::uint8_t>() % 4 == 0 ? input.take<std::int32_t>() : input.take<std::int8_t>() % 21;
  point.zero_count = input.take<std::uint8_t>();
  if (input.take<std::uint8_t>() % 4 == 0) point.zero_threshold = input.take<double>();
  point.count = point.zero_count;
  point.positive = buckets_from(input, arena, point.count);
  point.negative = buckets_from(input, arena, point.count);
  point.sum = {true, static_cast<double>(point.count)};
  return point;
}

std::uint64_t total_of(const ExponentialHistogramPoint& point) {
  std::uint64_t total = point.zero_count;
  for (const std::uint64_t count : point.positive.bucket_counts) total += count;
  for (const std::uint64_t count : point.negative.bucket_counts) total += count;
  return total;
}

void run(Input input) {
  Arena arena;
  ExponentialHistogramPoint sum = point_from(input, arena);
  while (!input.is_empty()) {
    OwnedDistribution before;
    before.assign(sum);
    const std::uint64_t count_before = sum.count;
    const ExponentialHistogramPoint more = point_from(input, arena);
    add_distribution(sum, more, arena);
    require(sum.count == count_before + more.count, "counts add up");
    require(total_of(sum) == sum.count, "every value is in a bucket");
    require(sum.positive.bucket_counts.size() <= exponential_buckets_max, "buckets are bounded");
    if (before.growth_to(sum) != Growth::grown) continue;
    ExponentialHistogramPoint delta = sum;
    before.subtract_from(delta, arena);
    require(delta.count == more.count, "the difference is what was added");
  }
}

}  // namespace
}  // namespace rankwire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rankwire::run({data, size});
  return 0;
}
