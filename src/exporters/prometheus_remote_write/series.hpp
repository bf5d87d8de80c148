// What Prometheus stores: series of labels with samples. Made of one batch; texts and lists lie in its arena.
#pragma once

#include <string>
#include <vector>

#include "series/series.hpp"
#include "signal/identity.hpp"

namespace rankwire::prometheus_remote_write {

using series::BucketSpan;
using series::Family;
using series::FamilyType;
using series::Label;
using series::NativeBuckets;
using series::NativeHistogram;
using series::SampleExemplar;
using series::stale_bits;

struct Sample {
  std::int64_t time_millis = 0;
  std::int64_t start_millis = 0;  // Of a counter or histogram; 0: not known.
  double value = 0;
  const NativeHistogram* histogram = nullptr;  // Then `value` means nothing.
  List<SampleExemplar> exemplars;
  std::uint32_t point = 0;  // Which data point of the batch it comes from.
};

struct Series {
  Identity identity;
  List<Label> labels;  // Sorted by name, each name once.
  std::vector<Sample> samples;
  std::uint32_t family = 0;
};

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
