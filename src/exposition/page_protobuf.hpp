// Reads the protobuf exposition: io.prometheus.client.MetricFamily messages, each behind its length. A family becomes
// the same series as its text would; a native histogram becomes one.
#pragma once

#include <xxhash.h>

#include <array>

#include "exposition/target_state.hpp"
#include "otlp/wire_reader.hpp"

namespace rankwire::exposition {

// Tags of fields, by how they are written.
constexpr std::uint32_t length(std::uint32_t field) { return field << 3 | 2; }
constexpr std::uint32_t varint(std::uint32_t field) { return field << 3; }
constexpr std::uint32_t fixed64(std::uint32_t field) { return field << 3 | 1; }

enum class ProtoType : std::uint8_t { counter, gauge, summary, untyped, histogram, gauge_histogram };

// A Histogram message; its lists are used again for the next one.
struct HistogramMessage {
  std::uint64_t count = 0, zero_count = 0;
  double count_float = 0, sum = 0, zero_threshold = 0, zero_count_float = 0;
  std::int32_t schema = 0;
  struct Span {
    std::int32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Side {
    std::vector<Span> spans;
    std::vector<std::int64_t> deltas;
    std::vector<double> counts;
    void clear() {
      spans.clear();
      deltas.clear();
      counts.clear();
    }
  };
  Side positive, negative;
  std::vector<std::string_view> buckets, exemplars;  // As messages.

  double total() const { return count_float != 0 ? count_float : static_cast<double>(count); }
  bool is_native() const {
    return !positive.spans.empty() || !negative.spans.empty() || zero_threshold > 0 || zero_count > 0;
  }
  bool is_float() const { return count_float > 0 || zero_count_float > 0; }
};

class PageProtobuf {
 public:
  PageProtobuf(Target::State& state, std::string_view page) : state_(state), page_(page) {}

  Result<void> read();

 private:
  static constexpr std::array<std::string_view, 4> suffixes{"", "_count", "_sum", "_bucket"};
  enum Suffix : std::uint8_t { whole, count, sum, bucket };

  bool family(std::string_view bytes);
  bool metric(std::string_view bytes);
  bool counter(std::string_view bytes);
  bool value_of_message(std::string_view bytes, double& to);
  bool summary(std::string_view bytes);
  bool histogram(std::string_view bytes);
  bool histogram_field(otlp::WireReader& in);
  bool span(std::string_view bytes, std::vector<HistogramMessage::Span>& to);
  template <class T, class Read>
  bool numbers(otlp::WireReader& in, bool is_packed, std::vector<T>& to, const Read& read);
  bool classic(const HistogramMessage& histogram);
  bool native(const HistogramMessage& histogram);
  bool buckets_of(const HistogramMessage::Side& side, bool is_float, ExponentialBuckets& to);
  bool fit(ExponentialHistogramPoint& point);
  bool timestamp(std::string_view bytes, std::int64_t& ms);
  bool exemplar(std::string_view bytes, bool needs_time, std::uint32_t& last);
  bool label(std::string_view bytes, Labels& to, bool must_copy);
  void find_labels(std::string_view bytes);
  // `bound`: of a bucket or quantile, whose label is `bound_label`.
  bool sample(Suffix suffix, double value, std::uint32_t extra = none, std::string_view bound_label = {},
              double bound = 0, bool is_native = false);
  bool refuse(const char* reason) {
    failure_.set(page_.data(), reason);
    return false;
  }

  Target::State& state_;
  const std::string_view page_;
  otlp::Failure failure_;
  std::optional<Error> error_;  // Of a series.

  std::string_view family_name_;
  ProtoType type_ = ProtoType::counter;
  std::array<std::string, 4> names_;
  std::array<NameFacts, 4> facts_;
  NameFacts native_facts_;
  // Of the metric.
  std::vector<std::string_view> label_messages_;
  XXH128_hash_t hash_{};
  std::int64_t time_ms_ = 0;
  bool has_created_ = false;
  std::int64_t created_ms_ = 0;
  HistogramMessage histogram_;
};

}  // namespace rankwire::exposition
