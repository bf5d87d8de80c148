// Histograms of the protobuf exposition, classic and native.
#include <algorithm>
#include <limits>

#include "exposition/page_protobuf.hpp"
#include "signal/exponential_buckets.hpp"

namespace rankwire::exposition {

namespace {

using otlp::WireReader;

// Buckets that one side of a native histogram may reach over, with the empty ones between.
constexpr std::int64_t reach_max = 16384;

std::int64_t zigzag(std::uint64_t n) { return static_cast<std::int64_t>(n >> 1 ^ (0 - (n & 1))); }

}  // namespace

bool PageProtobuf::span(std::string_view bytes, std::vector<HistogramMessage::Span>& to) {
  HistogramMessage::Span made;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case varint(1): made.offset = in.zigzag32(); break;
      case varint(2): made.length = in.varint32(); break;
      default: in.step_over();
    }
  to.push_back(made);
  return in.ok();
}

// One number, or several packed in one field.
template <class T, class Read>
bool PageProtobuf::numbers(WireReader& in, bool is_packed, std::vector<T>& to, const Read& read) {
  if (!is_packed) {
    to.push_back(read(in));
    return in.ok();
  }
  const std::string_view packed = in.bytes();
  WireReader part(packed, failure_);
  while (part.ok() && part.position() < packed.data() + packed.size()) to.push_back(read(part));
  return part.ok();
}

bool PageProtobuf::histogram_field(WireReader& in) {
  HistogramMessage& to = histogram_;
  const auto delta = [](WireReader& from) { return zigzag(from.varint()); };
  const auto real = [](WireReader& from) { return from.real(); };
  switch (in.tag()) {
    case varint(1): to.count = in.varint(); break;
    case fixed64(2): to.sum = in.real(); break;
    case length(3): to.buckets.push_back(in.bytes()); break;
    case fixed64(4): to.count_float = in.real(); break;
    case varint(5): to.schema = in.zigzag32(); break;
    case fixed64(6): to.zero_threshold = in.real(); break;
    case varint(7): to.zero_count = in.varint(); break;
    case fixed64(8): to.zero_count_float = in.real(); break;
    case length(9): return span(in.bytes(), to.negative.spans);
    case varint(10):
    case length(10): return numbers(in, in.tag() == length(10), to.negative.deltas, delta);
    case fixed64(11):
    case length(11): return numbers(in, in.tag() == length(11), to.negative.counts, real);
    case length(12): return span(in.bytes(), to.positive.spans);
    case varint(13):
    case length(13): return numbers(in, in.tag() == length(13), to.positive.deltas, delta);
    case fixed64(14):
    case length(14): return numbers(in, in.tag() == length(14), to.positive.counts, real);
    case length(15): has_created_ = timestamp(in.bytes(), created_ms_); break;
    case length(16): to.exemplars.push_back(in.bytes()); break;
    default: in.step_over();
  }
  return true;
}

bool PageProtobuf::histogram(std::string_view bytes) {
  HistogramMessage& to = histogram_;
  to.count = to.zero_count = 0;
  to.count_float = to.sum = to.zero_threshold = to.zero_count_float = 0;
  to.schema = 0;
  to.positive.clear();
  to.negative.clear();
  to.buckets.clear();
  to.exemplars.clear();
  WireReader in(bytes, failure_);
  while (in.next())
    if (!histogram_field(in)) return false;
  if (!in.ok()) return false;
  if (!state_.options_.scrapes_native_histograms || !to.is_native()) return classic(to);
  if (!native(to)) return false;
  return !state_.options_.always_scrapes_classic_histograms || to.buckets.empty() || classic(to);
}

bool PageProtobuf::classic(const HistogramMessage& from) {
  if (!sample(count, from.total()) || !sample(sum, from.sum)) return false;
  double bound = 0;
  for (const std::string_view message : from.buckets) {
    double value = 0, value_float = 0;
    std::uint32_t exemplars = none;
    bound = 0;
    WireReader in(message, failure_);
    while (in.next()) switch (in.tag()) {
        case varint(1): value = static_cast<double>(in.varint()); break;
        case fixed64(2): bound = in.real(); break;
        case length(3):
          if (!exemplar(in.bytes(), false, exemplars)) return false;
          break;
        case fixed64(4): value_float = in.real(); break;
        default: in.step_over();
      }
    if (!in.ok() || !sample(bucket, value_float != 0 ? value_float : value, exemplars, "le", bound)) return false;
    if (bound == std::numeric_limits<double>::infinity()) return true;
  }
  return sample(bucket, from.total(), none, "le", std::numeric_limits<double>::infinity());
}

// Spans and deltas, or counts, as buckets one beside the other. False: they do not fit together.
bool PageProtobuf::buckets_of(const HistogramMessage::Side& side, bool is_float, ExponentialBuckets& to) {
  std::int64_t reach = 0;
  std::size_t values = 0;
  for (std::size_t i = 0; i < side.spans.size(); ++i) {
    if (i != 0 && side.spans[i].offset < 0) return false;
    reach += side.spans[i].length + (i == 0 ? 0 : static_cast<std::int64_t>(side.spans[i].offset));
    values += side.spans[i].length;
    if (reach > reach_max) return false;
  }
  if (values != (is_float ? side.counts.size() : side.deltas.size())) return false;
  if (values == 0) return true;
  Arena& arena = state_.page_arena_;
  if (side.spans[0].offset == std::numeric_limits<std::int32_t>::min()) return false;
  to.offset = side.spans[0].offset - 1;  // Those of OTLP are named by their lower bound.
  to.bucket_counts.reserve(arena, static_cast<std::uint32_t>(reach));
  std::uint64_t running = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < side.spans.size(); ++i) {
    for (std::int32_t gap = 0; i != 0 && gap < side.spans[i].offset; ++gap) to.bucket_counts.push(arena, 0);
    for (std::uint32_t n = 0; n < side.spans[i].length; ++n, ++at) {
      const double real = is_float ? side.counts[at] : 0;
      running = is_float ? static_cast<std::uint64_t>(real > 0 && real < 1.8e19 ? real : 0)
                         : running + static_cast<std::uint64_t>(side.deltas[at]);
      if (static_cast<std::int64_t>(running) < 0 && !is_float) return false;
      to.bucket_counts.push(arena, running);
    }
  }
  to = trimmed(to);
  return true;
}

// Coarser until it has as few buckets as may be. False: it cannot have.
bool PageProtobuf::fit(ExponentialHistogramPoint& point) {
  const std::uint32_t limit = state_.options_.limits.histogram_buckets_max;
  const auto filled = [](const ExponentialBuckets& buckets) {
    return std::ranges::count_if(buckets.bucket_counts, [](std::uint64_t count) { return count != 0; });
  };
  while (limit != 0 && filled(point.positive) + filled(point.negative) > limit) {
    if (point.scale <= -4) {
      error_ = Error(ErrorKind::too_large, "native_histogram_bucket_limit: a histogram does not fit into " +
                                               std::to_string(limit) + " buckets");
      return false;
    }
    point.positive = coarsened(point.positive, 1, state_.page_arena_);
    point.negative = coarsened(point.negative, 1, state_.page_arena_);
    --point.scale;
  }
  return true;
}

bool PageProtobuf::native(const HistogramMessage& from) {
  NativeHistogram made;
  const bool is_float = from.is_float();
  ExponentialHistogramPoint& point = made.point;
  const auto whole_of = [](double real) { return static_cast<std::uint64_t>(real > 0 && real < 1.8e19 ? real : 0); };
  point.scale = from.schema;
  point.count = is_float ? whole_of(from.count_float) : from.count;
  point.zero_count = is_float ? whole_of(from.zero_count_float) : from.zero_count;
  point.zero_threshold = from.zero_threshold;
  point.sum = {true, from.sum};
  if (from.schema < -10 || from.schema > 20 || !buckets_of(from.positive, is_float, point.positive) ||
      !buckets_of(from.negative, is_float, point.negative)) {
    ++state_.counts.scraped;
    ++state_.counts.misfits;
    return true;
  }
  if (!fit(point)) return false;
  for (const std::string_view message : from.exemplars)
    if (!exemplar(message, true, made.exemplar)) return false;
  for (const std::string_view message : from.exemplars.empty() ? from.buckets : std::vector<std::string_view>()) {
    WireReader in(message, failure_);
    while (in.next()) {
      if (in.tag() != length(3))
        in.step_over();
      else if (!exemplar(in.bytes(), true, made.exemplar))
        return false;
    }
    if (!in.ok()) return false;
  }
  state_.natives_.push_back(made);
  return sample(whole, 0, static_cast<std::uint32_t>(state_.natives_.size() - 1), {}, 0, true);
}

}  // namespace rankwire::exposition
