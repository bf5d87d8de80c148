// TraceID, SpanID, ProfileID, UUID, UUIDv7
#include <cstring>

#include "ottl/functions/families.hpp"
#include "ottl/functions/hexadecimal.hpp"

namespace rankwire::ottl {
namespace {

// From as many bytes, or from twice as many hexadecimal digits. False: the frame says why.
template <std::size_t size>
bool read_id(Invocation& call, std::uint8_t* id) {
  const std::string_view bytes = call[0].is_nil() ? std::string_view() : call.text(0);
  if (bytes.size() == size) {
    std::memcpy(id, bytes.data(), size);
    return true;
  }
  constexpr auto digits = 2 * size;
  if (bytes.size() != digits)
    return call.fail("expected " + std::to_string(size) + " bytes or " + std::to_string(digits) +
                     " hexadecimal digits but got " + std::to_string(bytes.size()) + " bytes");
  return from_hexadecimal(bytes, id) || call.fail("not hexadecimal");
}

bool trace_id(Invocation& call, Datum& out) {
  auto* const id = new (call.arena().allocate(sizeof(TraceId), alignof(TraceId))) TraceId();
  if (!read_id<sizeof id->bytes>(call, id->bytes)) return false;
  out = Datum::of(*id);
  return true;
}

bool span_id(Invocation& call, Datum& out) {
  auto* const id = new (call.arena().allocate(sizeof(SpanId), alignof(SpanId))) SpanId();
  if (!read_id<sizeof id->bytes>(call, id->bytes)) return false;
  out = Datum::of(*id);
  return true;
}

bool profile_id(Invocation& call, Datum& out) {
  constexpr std::size_t size = 16;
  auto* const id = call.arena().allocate_array<std::uint8_t>(size);
  if (!read_id<size>(call, id)) return false;
  out = Datum::of_profile_id({reinterpret_cast<const char*>(id), size});
  return true;
}

struct Uuid {
  std::uint8_t bytes[16];

  void put(std::size_t first, std::uint64_t number, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes[first + i] = static_cast<std::uint8_t>(number >> 8 * (count - 1 - i));
  }
  Value text(std::uint8_t version, Arena& arena) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | version << 4);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
    const std::string_view digits = to_hexadecimal({reinterpret_cast<const char*>(bytes), sizeof bytes}, arena);
    char* const out = arena.allocate_array<char>(36);
    char* to = out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (i == 8 || i == 12 || i == 16 || i == 20) *to++ = '-';
      *to++ = digits[i];
    }
    return Value::of(std::string_view(out, 36));
  }
};

bool uuid(Invocation& call, Datum& out) {
  Uuid made;
  made.put(0, call.frame().world.random.next(), 8);
  made.put(8, call.frame().world.random.next(), 8);
  out = made.text(4, call.arena());
  return true;
}

bool uuid_v7(Invocation& call, Datum& out) {
  constexpr std::uint64_t nanos_per_milli = 1'000'000;
  Uuid made;
  made.put(0, call.frame().world.clock.unix_nanos() / nanos_per_milli, 6);
  made.put(6, call.frame().world.random.next(), 2);
  made.put(8, call.frame().world.random.next(), 8);
  out = made.text(7, call.arena());
  return true;
}

}  // namespace

void add_id_functions(FunctionTable& table) {
  const std::vector<Parameter> bytes = {{"target", Want::bytes_like}};
  table.add({.name = "TraceID", .parameters = bytes, .result = Type::trace_id, .run = trace_id, .is_checked = true});
  table.add({.name = "SpanID", .parameters = bytes, .result = Type::span_id, .run = span_id, .is_checked = true});
  table.add(
      {.name = "ProfileID", .parameters = bytes, .result = Type::profile_id, .run = profile_id, .is_checked = true});
  table.add({.name = "UUID", .result = Type::text, .run = uuid, .is_pure = false});
  table.add({.name = "UUIDv7", .result = Type::text, .run = uuid_v7, .is_pure = false});
}

}  // namespace rankwire::ottl
