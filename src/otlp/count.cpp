// Validation without building: one pass over the bytes, steered by the table of shapes. Accepts
// exactly what decoding accepts (a fuzzer holds the two together), but looks at no string's UTF-8,
// because decoding repairs that by default.
#include "otlp/otlp.hpp"
#include "otlp/wire_reader.hpp"

namespace rankwire::otlp {

namespace {

class RecordCounter {
 public:
  std::uint64_t count() const { return count_; }
  const Failure& failure() const { return failure_; }

  bool walk(const char* at, const char* end, Message message, int depth) {
    if (message == Message::key_value) {
      std::string_view key, text;
      if (read_short_attribute({at, static_cast<std::size_t>(end - at)}, key, text)) return true;
    }
    if (message == Message::value && ++depth > nesting_max + 1) return fail(at, "values nested too deeply");
    field::Number data_kind = 0;
    std::uint64_t points_before = count_;
    while (at < end) {
      const char* const begin = at;
      std::uint64_t tag = static_cast<unsigned char>(*at);
      if (tag < 0x80) [[likely]] {
        ++at;
      } else {
        at = read_varint(at, end, tag);
        if (at == nullptr || tag > 0xffff'ffffu) return fail(begin, "bad field tag");
      }
      const FieldShape field = shape_of(message, static_cast<std::uint32_t>(tag));
      if (field.action == Action::metric_data) {
        const auto kind = static_cast<field::Number>(tag >> 3);
        if (kind != data_kind) count_ = points_before;
        data_kind = kind;
      }
      at = value_end(begin, at, end, static_cast<std::uint32_t>(tag), field, depth);
      if (at == nullptr) return fail(begin, "truncated or malformed field");
    }
    return true;
  }

 private:
  bool fail(const char* where, const char* why) {
    failure_.set(where, why);
    return false;
  }

  // The end of the field's value, or null if it is not what it should be.
  const char* value_end(const char* begin, const char* at, const char* end, std::uint32_t tag, FieldShape field,
                        int depth) {
    const auto left = static_cast<std::uint64_t>(end - at);
    std::uint64_t size;
    switch (field.action) {
      case Action::fixed64: return left >= 8 ? at + 8 : nullptr;
      case Action::fixed32: return left >= 4 ? at + 4 : nullptr;
      case Action::varint: return read_varint(at, end, size);
      case Action::group:
      case Action::stray_group_end:
      case Action::malformed_tag: return skip_unknown(at, end, tag, 0, failure_);
      case Action::wrong_type: fail(begin, "wrong wire type of a known field"); return nullptr;
      default: break;
    }
    at = read_varint(at, end, size);
    if (at == nullptr || size > static_cast<std::uint64_t>(end - at)) return nullptr;
    end = at + size;
    switch (field.action) {
      case Action::record: ++count_; [[fallthrough]];
      case Action::message:
      case Action::metric_data: return walk(at, end, field.inside, depth) ? end : nullptr;
      case Action::trace_id: return size == 0 || size == 16 ? end : nullptr;
      case Action::span_id: return size == 0 || size == 8 ? end : nullptr;
      case Action::packed_fixed64: return size % 8 == 0 ? end : nullptr;
      case Action::packed_varint: return are_varints(at, end) ? end : nullptr;
      default: return end;
    }
  }

  static bool are_varints(const char* at, const char* end) {
    std::uint64_t value;
    while (at != nullptr && at < end) at = read_varint(at, end, value);
    return at != nullptr;
  }

  std::uint64_t count_ = 0;
  Failure failure_;
};

}  // namespace

Result<std::uint64_t> count_records(Signal signal, std::string_view bytes) {
  const Message request = signal == Signal::logs      ? Message::log_request
                          : signal == Signal::metrics ? Message::metric_request
                                                      : Message::trace_request;
  RecordCounter counter;
  if (!counter.walk(bytes.data(), bytes.data() + bytes.size(), request, 0)) return counter.failure().error(bytes);
  return counter.count();
}

}  // namespace rankwire::otlp
