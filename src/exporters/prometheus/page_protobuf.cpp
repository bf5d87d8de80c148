// io.prometheus.client.MetricFamily, one after the other with their lengths: the only form with native histograms.
#include "exporters/prometheus/page_format.hpp"
#include "otlp/wire_writer.hpp"

namespace rankwire::prometheus_page {
namespace {

using otlp::OpenMessage;
using otlp::WireWriter;
using series::FamilyType;

constexpr std::uint32_t length_bytes = 2;

// The numbers of io.prometheus.client.MetricType.
std::uint64_t number_of(FamilyType type) {
  switch (type) {
    case FamilyType::counter: return 0;
    case FamilyType::gauge:
    case FamilyType::info: return 1;
    case FamilyType::summary: return 2;
    case FamilyType::histogram: return 4;
    case FamilyType::unknown:
    case FamilyType::gauge_histogram: break;
  }
  return 3;
}

void write_labels(WireWriter& wire, const std::vector<ShownLabel>& labels) {
  for (const ShownLabel& label : labels) {
    const OpenMessage message = wire.open(1, 1);
    wire.text(1, label.name);
    wire.text(2, label.value);
    wire.close(message);
  }
}

void write_time(WireWriter& wire, std::uint32_t number, std::uint64_t nanos) {
  if (nanos == 0) return;
  const OpenMessage message = wire.open(number, 1);
  wire.varint(1, nanos / 1'000'000'000);
  wire.varint(2, nanos % 1'000'000'000);
  wire.close(message);
}

void write_exemplar(WireWriter& wire, std::uint32_t number, const ShownExemplar& exemplar) {
  const OpenMessage message = wire.open(number, length_bytes);
  write_labels(wire, unpacked(exemplar.labels, false));
  wire.real_always(2, exemplar.value);
  write_time(wire, 3, static_cast<std::uint64_t>(exemplar.time_millis) * 1'000'000);
  wire.close(message);
}

void write_buckets(WireWriter& wire, const ShownBuckets& buckets, std::uint32_t spans, std::uint32_t deltas) {
  for (const series::BucketSpan& span : buckets.spans) {
    const OpenMessage message = wire.open(spans, 1);
    wire.zigzag32(1, span.offset);
    wire.varint(2, span.length);
    wire.close(message);
  }
  if (buckets.deltas.empty()) return;
  const OpenMessage packed = wire.open(deltas, length_bytes);
  for (const std::int64_t delta : buckets.deltas) {
    wire.room(10);
    wire.put_varint(static_cast<std::uint64_t>(delta) << 1 ^ static_cast<std::uint64_t>(delta >> 63));
  }
  wire.close(packed);
}

void write_histogram(WireWriter& wire, const ShownSeries& shown) {
  const ShownDistribution& all = *shown.distribution;
  const OpenMessage message = wire.open(7, length_bytes);
  wire.varint(1, all.count);
  if (all.sum.is_set) wire.real_always(2, all.sum.value);
  double lower = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; all.native == nullptr && i <= all.bounds.size(); ++i) {
    const bool is_last = i == all.bounds.size();
    const double bound = is_last ? std::numeric_limits<double>::infinity() : all.bounds[i];
    const OpenMessage bucket = wire.open(3, length_bytes);
    wire.varint(1, is_last ? all.count : all.counts[i]);
    wire.real_always(2, bound);
    for (const ShownExemplar& each : shown.exemplars)
      if (each.value > lower && each.value <= bound) write_exemplar(wire, 3, each);
    wire.close(bucket);
    lower = bound;
  }
  if (const ShownNative* native = all.native.get()) {
    wire.zigzag32(5, native->schema);
    wire.real(6, native->zero_threshold);
    wire.varint(7, native->zero_count);
    write_buckets(wire, native->negative, 9, 10);
    write_buckets(wire, native->positive, 12, 13);
  }
  write_time(wire, 15, shown.start_nanos);
  wire.close(message);
}

void write_summary(WireWriter& wire, const ShownSeries& shown) {
  const ShownDistribution& all = *shown.distribution;
  const OpenMessage message = wire.open(4, length_bytes);
  wire.varint(1, all.count);
  wire.real_always(2, all.sum.value);
  for (std::size_t i = 0; i < all.bounds.size(); ++i) {
    const OpenMessage quantile = wire.open(3, 1);
    wire.real_always(1, all.bounds[i]);
    wire.real_always(2, all.values[i]);
    wire.close(quantile);
  }
  write_time(wire, 4, shown.start_nanos);
  wire.close(message);
}

void write_value(WireWriter& wire, const ShownSeries& shown, FamilyType type) {
  if (type == FamilyType::histogram) return write_histogram(wire, shown);
  if (type == FamilyType::summary) return write_summary(wire, shown);
  const bool is_counter = type == FamilyType::counter;
  const OpenMessage message = wire.open(is_counter ? 3 : type == FamilyType::unknown ? 5 : 2, length_bytes);
  wire.real_always(1, shown.value);
  if (is_counter && !shown.exemplars.empty()) write_exemplar(wire, 2, shown.exemplars.front());
  if (is_counter) write_time(wire, 3, shown.start_nanos);
  wire.close(message);
}

}  // namespace

std::string write_protobuf(const std::vector<FamilyRows>& rows, const PageOptions& options) {
  std::string page;
  for (const FamilyRows& each : rows) {
    const ShownFamily& family = *each.family;
    Buffer buffer;
    {
      WireWriter wire(buffer);
      const bool is_plain = options.format.is_utf8 || is_classic_name(family.name, false);
      wire.text(1, is_plain ? family.name : escaped_name(family.name, false));
      wire.text(2, family.help);
      wire.room(20);
      wire.put_varint(otlp::varint_tag(3));
      wire.put_varint(number_of(family.type));
      for (const ShownSeries* shown : each.series) {
        const OpenMessage message = wire.open(4, length_bytes);
        write_labels(wire, unpacked(shown->labels, options.format.is_utf8));
        write_value(wire, *shown, family.type);
        if (options.has_timestamps) wire.varint(6, shown->time_nanos / 1'000'000);
        wire.close(message);
      }
      if (!family.unit.empty() && family.name.ends_with("_" + family.unit)) wire.text(5, family.unit);
    }
    for (std::uint64_t length = buffer.size();; length >>= 7) {
      page += static_cast<char>(length >= 0x80 ? length | 0x80 : length);
      if (length < 0x80) break;
    }
    page += buffer.view();
  }
  return page;
}

}  // namespace rankwire::prometheus_page
