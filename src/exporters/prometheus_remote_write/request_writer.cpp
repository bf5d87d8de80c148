#include "exporters/prometheus_remote_write/request_writer.hpp"

#include <unordered_map>

#include "otlp/wire_writer.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

using otlp::OpenMessage;
using otlp::WireWriter;

constexpr std::uint32_t length_bytes = 2;  // Reserved for most messages; others are moved.

std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

// Both versions have the fields of the same names under numbers of their own, but these.
void write_buckets(WireWriter& wire, const NativeBuckets& buckets, std::uint32_t spans, std::uint32_t deltas) {
  for (const BucketSpan& span : buckets.spans) {
    const OpenMessage message = wire.open(spans, 1);
    wire.zigzag32(1, span.offset);
    wire.varint(2, span.length);
    wire.close(message);
  }
  if (buckets.deltas.empty()) return;
  const OpenMessage packed = wire.open(deltas, length_bytes);
  for (const std::int64_t delta : buckets.deltas) {
    wire.room(10);
    wire.put_varint(zigzag(delta));
  }
  wire.close(packed);
}

void write_histogram(WireWriter& wire, std::uint32_t number, const Sample& sample) {
  const NativeHistogram& histogram = *sample.histogram;
  const OpenMessage message = wire.open(number, length_bytes);
  // Of a choice, so that a zero is written, too.
  const auto always = [&](std::uint32_t field, std::uint64_t value) {
    wire.room(20);
    wire.put_varint(otlp::varint_tag(field));
    wire.put_varint(value);
  };
  always(1, histogram.count);
  wire.real(3, histogram.sum);
  wire.zigzag32(4, histogram.schema);
  wire.real(5, histogram.zero_threshold);
  always(6, histogram.zero_count);
  write_buckets(wire, histogram.negative, 8, 9);
  write_buckets(wire, histogram.positive, 11, 12);
  wire.varint(15, static_cast<std::uint64_t>(sample.time_millis));
  wire.close(message);
}

void write_sample(WireWriter& wire, std::uint32_t number, const Sample& sample) {
  const OpenMessage message = wire.open(number, 1);
  wire.real(1, sample.value);
  wire.varint(2, static_cast<std::uint64_t>(sample.time_millis));
  wire.close(message);
}

void write_label(WireWriter& wire, const Label& label) {
  const OpenMessage message = wire.open(1, 1);
  wire.text(1, label.name);
  wire.text(2, label.value);
  wire.close(message);
}

class WriterOfVersion1 final : public RequestWriter {
 public:
  void add(const Series& series, const Family&, const Sample& sample) override {
    WireWriter wire(buffer_);
    const OpenMessage message = wire.open(1, length_bytes);
    for (const Label& label : series.labels) write_label(wire, label);
    if (sample.histogram == nullptr) write_sample(wire, 2, sample);
    for (const SampleExemplar& exemplar : sample.exemplars) {
      const OpenMessage inner = wire.open(3, length_bytes);
      for (const Label& label : exemplar.labels) write_label(wire, label);
      wire.real(2, exemplar.value);
      wire.varint(3, static_cast<std::uint64_t>(exemplar.time_millis));
      wire.close(inner);
    }
    if (sample.histogram != nullptr) write_histogram(wire, 4, sample);
    wire.close(message);
  }

  void add_metadata(const Family& family) override {
    WireWriter wire(buffer_);
    const OpenMessage message = wire.open(3, length_bytes);
    wire.varint(1, static_cast<std::uint64_t>(family.type));
    wire.text(2, family.name);
    wire.text(4, family.help);
    wire.text(5, family.unit);
    wire.close(message);
  }

  std::size_t size() const override { return buffer_.size(); }
  Buffer take() override { return std::exchange(buffer_, Buffer()); }

 private:
  Buffer buffer_;
};

// Texts once each, in front; everything else refers to them by number.
class WriterOfVersion2 final : public RequestWriter {
 public:
  void add(const Series& series, const Family& family, const Sample& sample) override {
    WireWriter wire(buffer_);
    const OpenMessage message = wire.open(5, length_bytes);
    refer(wire, series.labels);
    if (sample.histogram == nullptr)
      write_sample(wire, 2, sample);
    else
      write_histogram(wire, 3, sample);
    for (const SampleExemplar& exemplar : sample.exemplars) {
      const OpenMessage inner = wire.open(4, length_bytes);
      refer(wire, exemplar.labels);
      wire.real(2, exemplar.value);
      wire.varint(3, static_cast<std::uint64_t>(exemplar.time_millis));
      wire.close(inner);
    }
    const OpenMessage metadata = wire.open(5, 1);
    wire.varint(1, static_cast<std::uint64_t>(family.type));
    wire.varint(3, number_of(family.help));
    wire.varint(4, number_of(family.unit));
    wire.close(metadata);
    if (family.type == FamilyType::counter || family.type == FamilyType::histogram)
      wire.varint(6, static_cast<std::uint64_t>(sample.start_millis));
    wire.close(message);
  }

  std::size_t size() const override { return symbol_bytes_ + buffer_.size(); }

  Buffer take() override {
    Buffer whole;
    {
      WireWriter wire(whole);
      wire.room(2);
      wire.put_varint(otlp::length_tag(4));  // The first symbol is the empty one.
      wire.put_varint(0);
      for (const std::string_view symbol : symbols_) wire.text(4, symbol);
      wire.raw(buffer_.view());
    }
    buffer_.clear();
    numbers_.clear();
    symbols_.clear();
    symbol_bytes_ = 0;
    return whole;
  }

 private:
  std::uint32_t number_of(std::string_view text) {
    if (text.empty()) return 0;
    const auto [at, is_new] = numbers_.try_emplace(text, static_cast<std::uint32_t>(symbols_.size() + 1));
    if (is_new) {
      symbols_.push_back(text);
      symbol_bytes_ += text.size() + 6;
    }
    return at->second;
  }

  void refer(WireWriter& wire, const List<Label>& labels) {
    if (labels.empty()) return;
    const OpenMessage packed = wire.open(1, 1);
    for (const Label& label : labels)
      for (const std::string_view text : {label.name, label.value}) {
        wire.room(5);
        wire.put_varint(number_of(text));
      }
    wire.close(packed);
  }

  Buffer buffer_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> symbols_;
  std::size_t symbol_bytes_ = 2;
};

}  // namespace

std::unique_ptr<RequestWriter> make_request_writer(Protocol protocol) {
  if (protocol == Protocol::v2) return std::make_unique<WriterOfVersion2>();
  return std::make_unique<WriterOfVersion1>();
}

std::size_t size_estimate(const Series& series, const Family& family, const Sample& sample, Protocol protocol) {
  constexpr std::size_t of_text = 12, of_message = 40, of_bucket = 12;
  std::size_t size = of_message;
  const auto add = [&](const List<Label>& labels) {
    for (const Label& label : labels) size += label.name.size() + label.value.size() + 2 * of_text;
  };
  add(series.labels);
  if (protocol == Protocol::v2) size += family.help.size() + family.unit.size() + 2 * of_text;
  for (const SampleExemplar& exemplar : sample.exemplars) {
    size += of_message;
    add(exemplar.labels);
  }
  if (sample.histogram != nullptr)
    for (const NativeBuckets* buckets : {&sample.histogram->positive, &sample.histogram->negative})
      size += of_message + of_bucket * (buckets->deltas.size() + buckets->spans.size());
  return size;
}

}  // namespace rankwire::prometheus_remote_write
