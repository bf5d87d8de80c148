// What series of Prometheus are made of. Texts and lists lie in an arena, mostly of the batch that they come from.
#pragma once

#include <string_view>

#include "base/list.hpp"

namespace rankwire::series {

struct Label {
  std::string_view name, value;
};

struct SampleExemplar {
  List<Label> labels;
  double value = 0;
  std::int64_t time_millis = 0;
};

struct BucketSpan {
  std::int32_t offset = 0;  // From the end of the span before.
  std::uint32_t length = 0;
};

struct NativeBuckets {
  List<BucketSpan> spans;
  List<std::int64_t> deltas;  // Of each bucket to the one before.
};

struct NativeHistogram {
  std::uint64_t count = 0, zero_count = 0;
  double sum = 0;
  std::int32_t schema = 0;
  double zero_threshold = 0;
  NativeBuckets positive, negative;
};

enum class FamilyType : std::uint8_t { unknown, counter, gauge, histogram, gauge_histogram, summary, info };

struct Family {
  std::string_view name, help, unit;
  FamilyType type = FamilyType::unknown;
};

// Nothing to Prometheus but the end of a series.
inline constexpr std::uint64_t stale_bits = 0x7ff0000000000002;

}  // namespace rankwire::series
