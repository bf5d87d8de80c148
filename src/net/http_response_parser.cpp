// The callbacks of http_parser. A zero returned goes on; anything else stops the parser.
#include "net/http_response_parser.hpp"

#include <cctype>

namespace rankwire::net {

namespace {
constexpr int interim_answers_max = 16;
constexpr std::size_t header_count_max = 256;

HttpResponseParser& self(http_parser* parser) { return *static_cast<HttpResponseParser*>(parser->data); }
}  // namespace

const http_parser_settings& HttpResponseParser::settings() {
  static const http_parser_settings callbacks = [] {
    http_parser_settings made;
    http_parser_settings_init(&made);
    made.on_message_begin = [](http_parser* p) { return self(p).begin(); };
    made.on_header_field = [](http_parser* p, const char* at, std::size_t n) { return self(p).header_name({at, n}); };
    made.on_header_value = [](http_parser* p, const char* at, std::size_t n) { return self(p).header_value({at, n}); };
    made.on_headers_complete = [](http_parser* p) { return self(p).head(); };
    made.on_body = [](http_parser* p, const char* at, std::size_t n) { return self(p).body({at, n}); };
    made.on_message_complete = [](http_parser* p) { return self(p).finish(); };
    return made;
  }();
  return callbacks;
}

HttpResponseParser::HttpResponseParser(ResponseTo request, std::uint64_t body_bytes_max)
    : request_(request), body_bytes_max_(body_bytes_max) {
  http_parser_init(&parser_, HTTP_RESPONSE);
  parser_.data = this;
}

int HttpResponseParser::begin() {
  response_ = {};
  is_in_value_ = true;
  return 0;
}

int HttpResponseParser::header_name(std::string_view part) {
  if (is_in_value_) {
    if (response_.headers.size() >= header_count_max) return 1;
    response_.headers.emplace_back();
  }
  is_in_value_ = false;
  std::string& name = response_.headers.back().first;
  for (const char c : part) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return 0;
}

int HttpResponseParser::header_value(std::string_view part) {
  is_in_value_ = true;
  if (!response_.headers.empty()) response_.headers.back().second.append(part);
  return 0;
}

int HttpResponseParser::head() {
  response_.status = parser_.status_code;
  const bool is_interim = response_.status < 200 && response_.status != 101;
  has_head_ = !is_interim;
  if (request_ == ResponseTo::head) return 1;
  // 2: nothing of HTTP follows; the tunnel begins.
  if (request_ == ResponseTo::connect && response_.status / 100 == 2) return 2;
  return 0;
}

int HttpResponseParser::body(std::string_view part) {
  if (sink_ != nullptr && response_.status / 100 == 2) {
    if (auto taken = (*sink_)(part); !taken) sink_error_ = std::move(taken).error();
    return sink_error_ ? 1 : 0;
  }
  const std::size_t room = body_bytes_max_ - response_.body.size();
  if (part.size() > room) is_too_large_ = true;
  response_.body.append(part.substr(0, room));
  return is_too_large_ ? 1 : 0;
}

int HttpResponseParser::finish() {
  if (!has_head_) return ++interim_count_ > interim_answers_max ? 1 : 0;
  is_complete_ = true;
  is_reusable_ = http_should_keep_alive(&parser_) != 0 && response_.status != 101;
  http_parser_pause(&parser_, 1);
  return 0;
}

Result<void> HttpResponseParser::run(std::string_view bytes) {
  const std::size_t used = http_parser_execute(&parser_, &settings(), bytes.data(), bytes.size());
  if (sink_error_) return *sink_error_;
  if (is_complete_) {
    if (used < bytes.size()) is_reusable_ = false;
    return {};
  }
  if (is_too_large_) {
    // Of a refusal the first part says enough.
    is_complete_ = response_.status >= 300;
    if (is_complete_) return {};
    return Error(ErrorKind::invalid, "the answer is larger than " + std::to_string(body_bytes_max_) + " bytes");
  }
  const auto error = HTTP_PARSER_ERRNO(&parser_);
  if (error != HPE_OK || parser_.upgrade != 0)
    return Error(ErrorKind::unavailable,
                 std::string("the answer is not valid HTTP/1.1: ") + http_errno_description(error));
  return {};
}

Result<void> HttpResponseParser::feed(std::string_view bytes) {
  if (is_complete_) {
    is_reusable_ = is_reusable_ && bytes.empty();
    return {};
  }
  if (bytes.empty()) return {};
  has_begun_ = true;
  return run(bytes);
}

Result<void> HttpResponseParser::end() {
  if (is_complete_) return {};
  if (!has_begun_) return Error(ErrorKind::unavailable, "the connection was closed before an answer came");
  if (auto ran = run({}); !ran || !is_complete_)
    return Error(ErrorKind::unavailable, "the connection was closed in the middle of the answer");
  is_reusable_ = false;
  return {};
}

}  // namespace rankwire::net
