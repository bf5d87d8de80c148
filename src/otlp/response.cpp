// The answers to export requests, in protobuf and JSON.
#include <simdjson.h>

#include "otlp/json_writer.hpp"
#include "otlp/otlp.hpp"
#include "otlp/utf8.hpp"
#include "otlp/wire_reader.hpp"
#include "otlp/wire_writer.hpp"

namespace rankwire::otlp {

namespace {

std::string_view rejected_name(Signal signal) {
  switch (signal) {
    case Signal::logs: return "rejectedLogRecords";
    case Signal::metrics: return "rejectedDataPoints";
    case Signal::traces: return "rejectedSpans";
  }
  return {};
}

Error bad_response(const char* why) {
  return Error(ErrorKind::invalid, std::string("not a valid OTLP answer: ") + why);
}

}  // namespace

std::string encode_response(const ExportResponse& response, Signal) {
  Buffer buffer;
  if (response.rejected != 0 || !response.message.empty()) {
    WireWriter out(buffer);
    const OpenMessage open = out.open(field::response::partial_success, 1);
    out.varint(field::response::rejected, response.rejected);
    out.text(field::response::message, response.message);
    out.close(open);
  }
  return std::string(buffer.view());
}

Result<ExportResponse> decode_response(std::string_view bytes, Signal) {
  ExportResponse response;
  Failure failure;
  WireReader in(bytes, failure);
  while (in.next()) {
    if (in.tag() != length_tag(field::response::partial_success)) {
      in.step_over();
      continue;
    }
    WireReader partial(in.bytes(), failure);
    while (partial.next()) switch (partial.tag()) {
        case varint_tag(field::response::rejected): response.rejected = partial.varint(); break;
        case length_tag(field::response::message): response.message = partial.bytes(); break;
        default: partial.step_over();
      }
  }
  if (failure.reason != nullptr) return bad_response(failure.reason);
  // A negative count is nonsense of the other side.
  if (response.rejected > INT64_MAX) response.rejected = 0;
  if (!is_utf8(response.message)) {
    Arena arena;
    response.message = repair_utf8(response.message, arena);
  }
  return response;
}

std::string encode_response_json(const ExportResponse& response, Signal signal) {
  Buffer buffer;
  JsonWriter out(buffer);
  out.begin_object();
  if (response.rejected != 0 || !response.message.empty()) {
    out.key("partialSuccess");
    out.begin_object();
    out.quoted_member(rejected_name(signal), response.rejected);
    out.text_member("errorMessage", response.message);
    out.end_object();
  }
  out.end_object();
  return std::string(buffer.view());
}

Result<ExportResponse> decode_response_json(std::string_view text, Signal signal) {
  simdjson::dom::parser parser;
  simdjson::dom::element json, partial, member;
  ExportResponse response;
  if (parser.parse(text.data(), text.size()).get(json) != simdjson::SUCCESS || !json.is_object())
    return bad_response("no JSON object");
  if (json["partialSuccess"].get(partial) != simdjson::SUCCESS) return response;
  if (partial[rejected_name(signal)].get(member) == simdjson::SUCCESS) {
    std::string_view digits;
    std::int64_t number = 0;
    if (member.get(digits) == simdjson::SUCCESS)
      number = std::strtoll(std::string(digits).c_str(), nullptr, 10);
    else if (member.get(number) != simdjson::SUCCESS)
      return bad_response("a count that is no number");
    response.rejected = number > 0 ? static_cast<std::uint64_t>(number) : 0;
  }
  std::string_view message;
  if (partial["errorMessage"].get(message) == simdjson::SUCCESS) response.message = message;
  return response;
}

}  // namespace rankwire::otlp
