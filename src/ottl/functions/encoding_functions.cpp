// Base64Decode, Base64Encode, Decode, Hex
#include <array>

#include "ottl/functions/families.hpp"
#include "ottl/functions/hexadecimal.hpp"
#include "text/base64.hpp"
#include "text/encoding.hpp"

namespace rankwire::ottl {
namespace {

constexpr const char* no_variant = "the variant is one of base64, base64-raw, base64-url, base64-raw-url";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  const std::size_t start = text.find_first_not_of(spaces);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(spaces) - start + 1);
}

bool from_base64(Invocation& call, std::string_view text, text::Base64 form, Datum& out) {
  std::string_view bytes;
  if (!text::decode_base64(text, form, call.arena(), bytes)) return call.fail("not base64 of this form");
  out = Value::of(bytes);
  return true;
}

bool base64_decode(Invocation& call, Datum& out) { return from_base64(call, call.text(0), {}, out); }

bool base64_encode(Invocation& call, Datum& out) {
  const auto form = text::base64_of(call.text_or(1, "base64"));
  if (!form) return call.fail(no_variant);
  out = Value::of(text::encode_base64(call.text(0), *form, call.arena()));
  return true;
}

// Without a name the text stays as it is, as in the original.
std::string_view decoder_name(std::string_view encoding) {
  return encoding == "utf-16" ? "utf-16le" : encoding.empty() ? "nop" : encoding;
}

// Decoders keep state while they work: each thread has its own. Null: there is no such encoding.
const text::Decoder* decoder_of(std::string_view encoding) {
  struct Recent {
    std::string name;
    std::unique_ptr<text::Decoder> decoder;
  };
  static thread_local std::array<Recent, 4> recent;
  static thread_local std::size_t next = 0;
  for (const Recent& one : recent)
    if (one.decoder != nullptr && one.name == encoding) return one.decoder.get();
  auto made = text::Decoder::make(decoder_name(encoding));
  if (!made) return nullptr;
  Recent& oldest = recent[next++ % recent.size()];
  oldest = {std::string(encoding), std::move(*made)};
  return oldest.decoder.get();
}

Result<Run> prepare_decode(const Known& known) {
  if (const auto name = known.text(1); name && !text::base64_of(*name) && decoder_of(*name) == nullptr)
    return known.always_fails("there is no encoding \"" + std::string(*name) + "\"");
  return Run([](Invocation& call, Datum& out) {
    if (!call[0].is(Type::text) && !call[0].is(Type::bytes))
      return call.fail("expected a text or bytes but got " + std::string(to_string(call[0].type())));
    if (const auto form = text::base64_of(call.text(1))) return from_base64(call, trimmed(call.text(0)), *form, out);
    const text::Decoder* const decoder = decoder_of(call.text(1));
    if (decoder == nullptr) return call.fail("there is no such encoding");
    out = Value::of(decoder->decode(call.text(0), call.arena()));
    return true;
  });
}

bool hex(Invocation& call, Datum& out) {
  out = Value::of(call[0].is_nil() ? std::string_view("") : to_hexadecimal(call.text(0), call.arena()));
  return true;
}

}  // namespace

void add_encoding_functions(FunctionTable& table) {
  table.add(
      {.name = "Base64Decode", .parameters = {{"target", Want::text}}, .result = Type::text, .run = base64_decode});
  table.add({.name = "Base64Encode",
             .parameters = {{"target", Want::text}, optional({"variant", Want::text})},
             .result = Type::text,
             .run = base64_encode});
  table.add({.name = "Decode",
             .parameters = {{"target"}, {"encoding", Want::text}},
             .result = Type::text,
             .prepare = prepare_decode});
  table.add({.name = "Hex", .parameters = {{"target", Want::bytes_like}}, .result = Type::text, .run = hex});
}

}  // namespace rankwire::ottl
