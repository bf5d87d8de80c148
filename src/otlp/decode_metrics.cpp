// Decoding of metrics and their points.
#include <algorithm>

#include "otlp/decoder.hpp"

namespace rankwire::otlp {

bool Decoder::record(std::string_view bytes, Metric& to) {
  namespace f = field::metric;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::name): to.name = text(in); break;
      case length_tag(f::description): to.description = text(in); break;
      case length_tag(f::unit): to.unit = text(in); break;
      case length_tag(f::gauge): ok = data(in.bytes(), to, MetricType::gauge, Message::gauge, to.numbers); break;
      case length_tag(f::sum): ok = data(in.bytes(), to, MetricType::sum, Message::sum, to.numbers); break;
      case length_tag(f::histogram):
        ok = data(in.bytes(), to, MetricType::histogram, Message::histogram, to.histograms);
        break;
      case length_tag(f::exponential_histogram):
        ok = data(in.bytes(), to, MetricType::exponential_histogram, Message::exponential_histogram,
                  to.exponential_histograms);
        break;
      case length_tag(f::summary):
        ok = data(in.bytes(), to, MetricType::summary, Message::summary, to.summaries);
        break;
      case length_tag(f::metadata): ok = collect(in.bytes()); break;
      default: in.skip(Message::metric);
    }
  attach(to.metadata, mark);
  return ok && in.ok();
}

template <class Point>
bool Decoder::data(std::string_view bytes, Metric& to, MetricType type, Message shape, List<Point>& points) {
  namespace f = field::data;
  if (to.type != type) {  // The last kind of data wins; more of the same kind merges.
    to.numbers = {};
    to.histograms = {};
    to.exponential_histograms = {};
    to.summaries = {};
    to.temporality = Temporality::unspecified;
    to.is_monotonic = false;
    to.type = type;
  }
  if (!reserve(points, count_fields(bytes, length_tag(f::points)))) return false;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) {
    if (in.tag() == length_tag(f::points)) {
      ok = point(in.bytes(), points.push(arena_, {}));
    } else if (in.tag() == varint_tag(f::temporality) && type != MetricType::gauge && type != MetricType::summary) {
      const std::uint32_t temporality = in.varint32();
      to.temporality = temporality <= 2 ? static_cast<Temporality>(temporality) : Temporality::unspecified;
    } else if (in.tag() == varint_tag(f::is_monotonic) && type == MetricType::sum) {
      to.is_monotonic = in.varint() != 0;
    } else {
      in.skip(shape);
    }
  }
  return ok && in.ok();
}

namespace {

void set(Number& to, std::int64_t integer) {
  to.type = NumberType::integer;
  to.integer = integer;
}
void set(Number& to, double real) {
  to.type = NumberType::real;
  to.real = real;
}
void set(OptionalReal& to, double real) { to = {true, real}; }

// Each varint ends with a byte below 0x80.
std::uint32_t varint_count(std::string_view packed) {
  return static_cast<std::uint32_t>(
      std::count_if(packed.begin(), packed.end(), [](char c) { return static_cast<signed char>(c) >= 0; }));
}

}  // namespace

bool Decoder::point(std::string_view bytes, NumberPoint& to) {
  namespace f = field::number_point;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case fixed64_tag(f::start_time): to.start_time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::real): set(to.value, in.real()); break;
      case fixed64_tag(f::integer): set(to.value, static_cast<std::int64_t>(in.fixed64())); break;
      case length_tag(f::exemplars): ok = exemplar(in.bytes(), to.exemplars.push(arena_, {})); break;
      case varint_tag(f::flags): to.flags = in.varint32(); break;
      default: in.skip(Message::number_point);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::point(std::string_view bytes, HistogramPoint& to) {
  namespace f = field::histogram_point;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case fixed64_tag(f::start_time): to.start_time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::count): to.count = in.fixed64(); break;
      case fixed64_tag(f::sum): set(to.sum, in.real()); break;
      case fixed64_tag(f::min): set(to.min, in.real()); break;
      case fixed64_tag(f::max): set(to.max, in.real()); break;
      case length_tag(f::bucket_counts): ok = packed_fixed64(in.bytes(), to.bucket_counts); break;
      case fixed64_tag(f::bucket_counts): to.bucket_counts.push(arena_, in.fixed64()); break;
      case length_tag(f::explicit_bounds): ok = packed_fixed64(in.bytes(), to.explicit_bounds); break;
      case fixed64_tag(f::explicit_bounds): to.explicit_bounds.push(arena_, in.real()); break;
      case length_tag(f::exemplars): ok = exemplar(in.bytes(), to.exemplars.push(arena_, {})); break;
      case varint_tag(f::flags): to.flags = in.varint32(); break;
      default: in.skip(Message::histogram_point);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::point(std::string_view bytes, ExponentialHistogramPoint& to) {
  namespace f = field::exponential_point;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case fixed64_tag(f::start_time): to.start_time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::count): to.count = in.fixed64(); break;
      case fixed64_tag(f::sum): set(to.sum, in.real()); break;
      case fixed64_tag(f::min): set(to.min, in.real()); break;
      case fixed64_tag(f::max): set(to.max, in.real()); break;
      case varint_tag(f::scale): to.scale = in.zigzag32(); break;
      case fixed64_tag(f::zero_count): to.zero_count = in.fixed64(); break;
      case fixed64_tag(f::zero_threshold): to.zero_threshold = in.real(); break;
      case length_tag(f::positive): ok = buckets(in.bytes(), to.positive); break;
      case length_tag(f::negative): ok = buckets(in.bytes(), to.negative); break;
      case length_tag(f::exemplars): ok = exemplar(in.bytes(), to.exemplars.push(arena_, {})); break;
      case varint_tag(f::flags): to.flags = in.varint32(); break;
      default: in.skip(Message::exponential_point);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::point(std::string_view bytes, SummaryPoint& to) {
  namespace f = field::summary_point;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case fixed64_tag(f::start_time): to.start_time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::count): to.count = in.fixed64(); break;
      case fixed64_tag(f::sum): to.sum = in.real(); break;
      case length_tag(f::quantiles): ok = quantile(in.bytes(), to.quantiles.push(arena_, {})); break;
      case varint_tag(f::flags): to.flags = in.varint32(); break;
      default: in.skip(Message::summary_point);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::buckets(std::string_view bytes, ExponentialBuckets& to) {
  namespace f = field::buckets;
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case varint_tag(f::offset): to.offset = in.zigzag32(); break;
      case varint_tag(f::counts): to.bucket_counts.push(arena_, in.varint()); break;
      case length_tag(f::counts): {
        const std::string_view packed = in.bytes();
        const char* end = packed.data() + packed.size();
        std::uint64_t count = 0;
        ok = reserve(to.bucket_counts, varint_count(packed));
        for (const char* at = packed.data(); ok && at < end;) {
          at = read_varint(at, end, count);
          ok = at != nullptr || in.fail("bad packed number");
          if (ok) to.bucket_counts.push(arena_, count);
        }
        break;
      }
      default: in.skip(Message::buckets);
    }
  return ok && in.ok();
}

bool Decoder::quantile(std::string_view bytes, Quantile& to) {
  if (!has_room_for(0)) return false;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case fixed64_tag(field::quantile::quantile): to.quantile = in.real(); break;
      case fixed64_tag(field::quantile::value): to.value = in.real(); break;
      default: in.skip(Message::quantile);
    }
  return in.ok();
}

bool Decoder::exemplar(std::string_view bytes, Exemplar& to) {
  namespace f = field::exemplar;
  if (!has_room_for(0)) return false;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::filtered_attributes): ok = collect(in.bytes()); break;
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::real): set(to.value, in.real()); break;
      case fixed64_tag(f::integer): set(to.value, static_cast<std::int64_t>(in.fixed64())); break;
      case length_tag(f::span_id): ok = id(in, to.span_id); break;
      case length_tag(f::trace_id): ok = id(in, to.trace_id); break;
      default: in.skip(Message::exemplar);
    }
  attach(to.filtered_attributes, mark);
  return ok && in.ok();
}

template <class T>
bool Decoder::packed_fixed64(std::string_view bytes, List<T>& to) {
  static_assert(sizeof(T) == 8);
  if (bytes.size() % 8 != 0) {
    failure_.set(bytes.data(), "packed numbers of the wrong length");
    return false;
  }
  if (!reserve(to, static_cast<std::uint32_t>(bytes.size() / 8))) return false;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    T number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    to.push(arena_, number);
  }
  return true;
}

}  // namespace rankwire::otlp
