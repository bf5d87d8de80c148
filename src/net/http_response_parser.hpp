// One HTTP/1.1 response from bytes that arrive in any pieces. Interim answers (100, 103) are skipped.
// Private to this room: the only header that brings in http_parser.
#pragma once

#include <http_parser.h>

#include <string_view>

#include "net/http_client.hpp"

namespace rankwire::net {

enum class ResponseTo : std::uint8_t { other, head, connect };

class HttpResponseParser {
 public:
  HttpResponseParser(ResponseTo request, std::uint64_t body_bytes_max);
  HttpResponseParser(const HttpResponseParser&) = delete;

  // The body of a successful answer goes there instead of into the response. Outlives the parser.
  void stream_to(const BodySink* sink) { sink_ = sink; }

  // Errors: not HTTP, or a successful answer larger than allowed. Bytes after the end make the
  // connection unfit for reuse.
  Result<void> feed(std::string_view bytes);
  // The peer closed: completes a body that has no other end; otherwise an error.
  Result<void> end();

  bool has_begun() const { return has_begun_; }  // A byte came, interim answers included.
  bool has_head() const { return has_head_; }    // Of the final answer.
  bool is_complete() const { return is_complete_; }
  bool is_reusable() const { return is_complete_ && is_reusable_; }  // The connection, after this answer.
  HttpResponse& response() { return response_; }

 private:
  static const http_parser_settings& settings();
  int begin();
  int header_name(std::string_view part);
  int header_value(std::string_view part);
  int head();
  int body(std::string_view part);
  int finish();
  Result<void> run(std::string_view bytes);

  const ResponseTo request_;
  const std::uint64_t body_bytes_max_;
  http_parser parser_{};
  HttpResponse response_;
  int interim_count_ = 0;
  bool is_in_value_ = false;
  bool has_begun_ = false;
  bool has_head_ = false;
  bool is_complete_ = false;
  bool is_reusable_ = false;
  bool is_too_large_ = false;
  const BodySink* sink_ = nullptr;
  std::optional<Error> sink_error_;
};

}  // namespace rankwire::net
