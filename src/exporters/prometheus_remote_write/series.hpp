// What Prometheus stores: series of labels with samples. Made of one batch; texts and lists lie in its arena.
#pragma once

#include <string>
#include <vector>

#include "signal/identity.hpp"

namespace rankwire::prometheus_remote_write {

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

struct Sample {
  std::int64_t time_millis = 0;
  std::int64_t start_millis = 0;  // Of a counter or histogram; 0: not known.
  double value = 0;
  const NativeHistogram* histogram = nullptr;  // Then `value` means nothing.
  List<SampleExemplar> exemplars;
  std::uint32_t point = 0;  // Which data point of the batch it comes from.
};

enum class FamilyType : std::uint8_t { unknown, counter, gauge, histogram, gauge_histogram, summary, info };

struct Family {
  std::string_view name, help, unit;
  FamilyType type = FamilyType::unknown;
};

struct Series {
  Identity identity;
  List<Label> labels;  // Sorted by name, each name once.
  std::vector<Sample> samples;
  std::uint32_t family = 0;
};

// Nothing to Prometheus but the end of a series.
inline constexpr std::uint64_t stale_bits = 0x7ff0000000000002;

struct SeriesSet {
  static constexpr std::uint32_t no_point = UINT32_MAX;  // Of samples that stand for no data point (target_info).

  Arena arena;
  std::vector<Series> series;
  std::vector<Family> families;
  std::vector<bool> lost;  // By data point: Prometheus has no form for it, or does not take it.
  std::string why_lost;    // Of the first.

  void lose(std::uint32_t point, std::string_view why) {
    if (point == no_point) return;
    if (why_lost.empty()) why_lost = why;
    lost[point] = true;
  }
};

}  // namespace rankwire::prometheus_remote_write
