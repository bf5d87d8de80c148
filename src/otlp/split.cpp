// Cuts requests into smaller ones without decoding records: records are copied as bytes, and the
// groups around them are opened again in each part, with everything that describes the group.
#include "otlp/otlp.hpp"
#include "otlp/wire_reader.hpp"
#include "otlp/wire_writer.hpp"

namespace rankwire::otlp {

namespace {

class Splitter {
 public:
  Splitter(Signal signal, std::uint64_t records_max, std::uint64_t bytes_max)
      : signal_(signal), records_max_(records_max), bytes_max_(bytes_max), levels_(signal == Signal::metrics ? 4 : 2) {}

  Result<void> add(const SharedBytes& chunk) {
    auto count = count_records(signal_, chunk->view());
    if (!count) return std::move(count).error();
    if (*count == 0) return {};
    // Passing a whole chunk on beats copying it into the last free room of a part.
    if (!fits(*count, chunk->size()) && is_half_full() && *count <= records_max_ && chunk->size() <= bytes_max_)
      end_part();
    if (fits(*count, chunk->size())) {
      end_chunk();
      append_chunk(chunk, *count);
      return {};
    }
    Failure failure;
    if (!walk(chunk->view(), 0, failure)) return failure.error(chunk->view());
    return {};
  }

  std::vector<WireBatch> finish() {
    end_part();
    return std::move(parts_);
  }

 private:
  // One group of messages around a record, outermost first: resource, scope, metric, its data.
  struct Level {
    field::Number number = 0;
    std::vector<std::string_view> description;  // All fields that are not children.
    std::size_t description_bytes = 0;
    bool is_open = false;
    OpenMessage open;
  };

  bool fits(std::uint64_t records, std::uint64_t bytes) const {
    return part_.record_count + chunk_records_ + records <= records_max_ &&
           part_.size.count + chunk_.size() + bytes <= bytes_max_;
  }

  bool is_half_full() const {
    return part_.record_count + chunk_records_ >= records_max_ / 2 ||
           part_.size.count + chunk_.size() >= bytes_max_ / 2;
  }

  // Whether a field of the message at `depth` holds the next level (or, last, a record).
  bool is_child(std::size_t depth, std::uint32_t tag) const {
    switch (depth) {
      case 0: return tag == length_tag(field::request::resources);
      case 1: return tag == length_tag(field::resource_group::scopes);
      case 2: return tag == length_tag(field::scope_group::records);
      case 3: return shape_of(Message::metric, tag).action == Action::metric_data;
      default: return tag == length_tag(field::data::points);
    }
  }

  // The last kind of data of a metric replaces the ones before.
  static std::uint32_t last_data_tag(std::string_view metric) {
    Failure ignored;
    WireReader in(metric, ignored);
    std::uint32_t tag = 0;
    while (in.next() && in.step_over())
      if (shape_of(Message::metric, in.tag()).action == Action::metric_data) tag = in.tag();
    return tag;
  }

  bool walk(std::string_view bytes, std::size_t depth, Failure& failure) {
    if (depth > 0 && !describe(bytes, depth, failure)) return false;
    const std::uint32_t data_tag = depth == 3 ? last_data_tag(bytes) : 0;
    WireReader in(bytes, failure);
    while (in.next()) {
      const char* const begin = in.field_begin();
      if (!is_child(depth, in.tag()) || (depth == 3 && in.tag() != data_tag)) {
        if (!in.step_over()) return false;
        continue;
      }
      const field::Number number = in.tag() >> 3;
      const std::string_view inside = in.bytes();
      if (!in.ok()) return false;
      if (depth == levels_.size()) {
        emit({begin, static_cast<std::size_t>(in.position() - begin)});
        continue;
      }
      levels_[depth].number = number;
      if (!walk(inside, depth + 1, failure)) return false;
      if (levels_[depth].is_open) close(levels_[depth]);
    }
    return in.ok();
  }

  bool describe(std::string_view bytes, std::size_t depth, Failure& failure) {
    Level& level = levels_[depth - 1];
    level.description.clear();
    level.description_bytes = 0;
    WireReader in(bytes, failure);
    while (in.next()) {
      const char* const begin = in.field_begin();
      if (!in.step_over()) return false;
      if (is_child(depth, in.tag())) continue;
      const std::string_view field(begin, static_cast<std::size_t>(in.position() - begin));
      level.description.push_back(field);
      level.description_bytes += field.size();
    }
    return in.ok();
  }

  void emit(std::string_view record) {
    std::uint64_t more = record.size();
    for (const Level& level : levels_)
      if (!level.is_open) more += level.description_bytes + 1 + WireWriter::group_length_bytes;
    if (!fits(1, more)) end_part();
    if (!out_) out_.emplace(chunk_);
    for (Level& level : levels_) {
      if (level.is_open) continue;
      level.open = out_->open(level.number, WireWriter::group_length_bytes);
      level.is_open = true;
      for (const std::string_view field : level.description) out_->raw(field);
    }
    out_->raw(record);
    out_->flush();
    ++chunk_records_;
  }

  void close(Level& level) {
    out_->close(level.open);
    out_->flush();
    level.is_open = false;
  }

  // What has been copied becomes a chunk of the part.
  void end_chunk() {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level)
      if (level->is_open) close(*level);
    out_.reset();
    if (chunk_records_ != 0) append_chunk(std::make_shared<const Buffer>(std::move(chunk_)), chunk_records_);
    chunk_ = Buffer();
    chunk_records_ = 0;
  }

  void end_part() {
    end_chunk();
    if (part_.record_count != 0) parts_.push_back(std::move(part_));
    part_ = {};
  }

  void append_chunk(SharedBytes chunk, std::uint64_t records) {
    part_.signal = signal_;
    part_.size.count += chunk->size();
    part_.record_count += records;
    part_.chunks.push_back(std::move(chunk));
  }

  const Signal signal_;
  const std::uint64_t records_max_;
  const std::uint64_t bytes_max_;
  std::vector<Level> levels_;
  std::vector<WireBatch> parts_;
  WireBatch part_;  // Not yet full.
  Buffer chunk_;    // The end of part_, still being copied.
  std::uint64_t chunk_records_ = 0;
  std::optional<WireWriter> out_;  // Writes to chunk_.
};

Result<std::vector<WireBatch>> split(const WireBatch& batch, std::uint64_t records_max, std::uint64_t bytes_max) {
  if (batch.record_count <= records_max && batch.size.count <= bytes_max) return std::vector<WireBatch>{batch};
  Splitter splitter(batch.signal, records_max, bytes_max);
  for (const SharedBytes& chunk : batch.chunks) RANKWIRE_TRY(splitter.add(chunk));
  return splitter.finish();
}

}  // namespace

Result<std::vector<WireBatch>> split(const WireBatch& batch, std::uint64_t records_max) {
  return split(batch, records_max == 0 ? UINT64_MAX : records_max, UINT64_MAX);
}

Result<std::vector<WireBatch>> split_by_size(const WireBatch& batch, Bytes size_max) {
  return split(batch, UINT64_MAX, size_max.count == 0 ? UINT64_MAX : size_max.count);
}

}  // namespace rankwire::otlp
