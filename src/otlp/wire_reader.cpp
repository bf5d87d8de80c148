#include "otlp/wire_reader.hpp"

namespace rankwire::otlp {

Error Failure::error(std::string_view whole) const {
  if (is_refusal) return Error(ErrorKind::refused, std::string("decoding the request: ") + reason);
  std::string message = "not a valid OTLP request: ";
  message.append(reason);
  if (at != nullptr && at >= whole.data() && at <= whole.data() + whole.size())
    message.append(" at byte ")
        .append(std::to_string(at - whole.data()))
        .append(" of ")
        .append(std::to_string(whole.size()));
  return Error(ErrorKind::invalid, std::move(message));
}

const char* read_varint_slow(const char* at, const char* end, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at >= end) return nullptr;
    const auto byte = static_cast<unsigned char>(*at++);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

namespace {

// `at` stands behind the tag that opened the group `number`.
const char* skip_group(const char* at, const char* end, std::uint32_t number, int depth, Failure& failure) {
  const char* begin = at;
  while (at < end) {
    std::uint64_t tag;
    const char* after = read_varint(at, end, tag);
    if (after == nullptr || tag > 0xffff'ffffu || tag < 8) break;
    if (tag == tag_of(number, WireType::group_end)) return after;
    at = skip_unknown(after, end, static_cast<std::uint32_t>(tag), depth + 1, failure);
    if (at == nullptr) return nullptr;
  }
  failure.set(begin, "unterminated group");
  return nullptr;
}

const char* skip_bytes(const char* at, const char* end, std::uint64_t count) {
  return count <= static_cast<std::uint64_t>(end - at) ? at + count : nullptr;
}

}  // namespace

const char* skip_unknown(const char* at, const char* end, std::uint32_t tag, int depth, Failure& failure) {
  std::uint64_t value;
  const char* after = nullptr;
  if (tag < 8 || depth > group_nesting_max) {
    failure.set(at, tag < 8 ? "field number 0" : "groups nested too deeply");
    return nullptr;
  }
  switch (tag & 7) {
    case 0: after = read_varint(at, end, value); break;
    case 1: after = skip_bytes(at, end, 8); break;
    case 2:
      after = read_varint(at, end, value);
      if (after != nullptr) after = skip_bytes(after, end, value);
      break;
    case 3: after = skip_group(at, end, tag >> 3, depth, failure); break;
    case 5: after = skip_bytes(at, end, 4); break;
    default: failure.set(at, "bad wire type"); return nullptr;
  }
  if (after == nullptr) failure.set(at, "truncated field");
  return after;
}

bool WireReader::step_over() {
  const char* after = skip_unknown(at_, end_, tag_, 0, failure_);
  if (after == nullptr) return fail("bad field");
  at_ = after;
  return true;
}

bool WireReader::skip(Message message) {
  if (shape_of(message, tag_).action == Action::wrong_type) return fail("wrong wire type of a known field");
  return step_over();
}

std::uint32_t count_fields(std::string_view bytes, std::uint32_t tag) {
  Failure ignored;
  WireReader in(bytes, ignored);
  std::uint32_t count = 0;
  while (in.next() && in.step_over()) count += in.tag() == tag;
  return count;
}

}  // namespace rankwire::otlp
