// HTTP/1.1 on one connection. The parser stops after each head, so that the handler decides before
// any of the body is kept; a body of known length is then received straight into its buffer.
#include <http_parser.h>

#include "net/server_cors.hpp"
#include "net/server_session.hpp"
#include "net/server_status.hpp"

namespace rankwire::net {

namespace {

// An unread body up to this size is thrown away and the connection lives on; a larger one ends it.
constexpr std::uint64_t discard_max = 256 << 10;
// After the last answer we read on for a while: closing with unread bytes would reset the
// connection, and a client that sends its whole body before it listens would lose the answer. The
// bytes are dropped as they come, so an ordinary request's worth of them costs no memory.
constexpr std::uint64_t linger_bytes_max = 32 << 20;
constexpr Duration linger_time = std::chrono::seconds(2);

enum class State : std::uint8_t {
  idle,       // Between requests.
  head,       // Inside a head.
  body,       // Of known length.
  chunked,    // The parser unwraps it.
  discard,    // A body that nobody wants.
  closing,    // Answered for the last time, answer not yet sent.
  lingering,  // Sent; waiting for the client to close.
};

class HttpSession final : public Session {
 public:
  HttpSession(SessionContext& context, std::unique_ptr<Transport> transport, std::string peer, Instant now)
      : Session(context, std::move(transport)), now_(now) {
    const ServerOptions& options = context.options;
    deadline_ = after(now, options.read_timeout > Duration::zero() ? options.read_timeout : options.idle_timeout);
    builder_.head.peer = std::move(peer);
  }

  void on_readable(Instant now) override;
  void on_writable(Instant now) override;
  void on_timer(Instant now) override;
  void drain(Instant now) override;
  bool wants_read() const override {
    return !is_closed() && !is_at_end_ && held_.empty() && pending_output() < output_high_water;
  }
  Instant deadline() const override { return deadline_; }

 private:
  static const http_parser_settings& settings();
  static HttpSession& self(http_parser* parser) { return *static_cast<HttpSession*>(parser->data); }
  RequestHead& head() { return builder_.head; }

  IoResult receive();
  void consume(std::string_view view);
  void parse_head(std::string_view& view);
  void parse_chunks(std::string_view& view);
  void head_is_complete(bool is_body_begun);
  bool has_spaced_name();
  std::optional<ServerResponse> check_head();
  void begin_body(bool is_body_begun);
  void finish_request();
  void answer_error(const Error& error);
  ServerResponse response_to(const Error& error);
  void answer_early(const ServerResponse& response);
  void answer(const ServerResponse& response, bool is_for_preflight = false);
  void end_request();
  void fail(int status, std::string_view text);
  void settle();

  Instant now_;
  Instant deadline_;
  State state_ = State::idle;
  bool is_draining_ = false;
  bool is_at_end_ = false;     // The client sends no more.
  bool was_pending_ = false;   // Output had to wait at the end of the last event.
  bool is_keep_alive_ = true;  // After the current request.
  bool is_unread_ = false;     // The client may still be sending what nobody wants.
  bool is_in_value_ = true;    // The parser last delivered a header's value, not its name.
  HeadBuilder builder_;
  http_parser parser_{};
  std::size_t head_bytes_ = 0;
  std::uint64_t body_left_ = 0;  // Of a body of known length, or of one being discarded.
  std::uint64_t lingered_ = 0;
  Buffer body_;
  Buffer held_;  // Received, not yet looked at, because answers are waiting.
  std::unique_ptr<Exchange> exchange_;
  std::optional<Error> chunk_error_;
};

const http_parser_settings& HttpSession::settings() {
  static const http_parser_settings made = [] {
    http_parser_settings callbacks;
    http_parser_settings_init(&callbacks);
    callbacks.on_url = [](http_parser* parser, const char* at, std::size_t size) {
      self(parser).head().path.append(at, size);
      return 0;
    };
    callbacks.on_header_field = [](http_parser* parser, const char* at, std::size_t size) {
      HttpSession& session = self(parser);
      if (session.state_ == State::chunked) return 0;  // Trailers mean nothing to us.
      if (session.is_in_value_) session.builder_.begin_header();
      session.is_in_value_ = false;
      HeadBuilder::append_lower(session.builder_.name(), at, size);
      return 0;
    };
    callbacks.on_header_value = [](http_parser* parser, const char* at, std::size_t size) {
      HttpSession& session = self(parser);
      if (session.state_ == State::chunked) return 0;
      session.is_in_value_ = true;
      session.builder_.value().append(at, size);
      return 0;
    };
    callbacks.on_headers_complete = [](http_parser* parser) {
      http_parser_pause(parser, 1);
      return 0;
    };
    callbacks.on_body = [](http_parser* parser, const char* at, std::size_t size) {
      HttpSession& session = self(parser);
      const Bytes total{session.body_.size() + size};
      if (total > session.context_.options.body_bytes_max) return 1;
      if (auto allowed = session.exchange_->body_may_grow_to(total); !allowed) {
        session.chunk_error_ = std::move(allowed).error();
        return 1;
      }
      session.body_.append({at, size});
      return 0;
    };
    callbacks.on_message_complete = [](http_parser* parser) {
      http_parser_pause(parser, 1);
      return 0;
    };
    return callbacks;
  }();
  return made;
}

void HttpSession::on_readable(Instant now) {
  now_ = now;
  for (int reads = 0; wants_read() && (reads < reads_in_a_row_max || transport_->has_buffered()); ++reads) {
    const IoResult result = receive();
    if (result.state == IoState::closed) {
      is_at_end_ = true;
      if (state_ == State::lingering || pending_output() == 0) return close();
      state_ = State::closing;
    }
    if (result.state != IoState::ready) break;
  }
  settle();
}

IoResult HttpSession::receive() {
  if (state_ != State::body) {
    const IoResult result = transport_->read(context_.scratch.get(), SessionContext::scratch_size);
    consume({context_.scratch.get(), result.count});
    return result;
  }
  const IoResult result = transport_->read(body_.prepare(body_left_), body_left_);
  body_.commit(result.count);
  body_left_ -= result.count;
  if (body_left_ != 0) return result;
  finish_request();
  return {result.count, IoState::blocked};  // What follows, if anything, is announced by the next event.
}

void HttpSession::on_writable(Instant now) {
  now_ = now;
  flush();
  // A TLS handshake that waited for room goes on by reading.
  if (!is_closed() && transport_->needs_write() && wants_read()) return on_readable(now);
  settle();
}

void HttpSession::on_timer(Instant now) {
  now_ = now;
  if (now < deadline_ || is_closed()) return;
  const bool is_in_request = state_ == State::head || state_ == State::body || state_ == State::chunked;
  if (!is_in_request || pending_output() != 0) return close();
  fail(408, "the request took too long to arrive\n");
  settle();
}

void HttpSession::drain(Instant now) {
  now_ = now;
  is_draining_ = true;
  is_keep_alive_ = false;
  if ((state_ == State::idle && pending_output() == 0) || state_ == State::lingering) close();
}

// After each event: send, and keep the deadline that belongs to the state.
void HttpSession::settle() {
  if (is_closed()) return;
  flush();
  while (!is_closed() && !held_.empty() && pending_output() < output_high_water) {
    const Buffer held = std::move(held_);
    held_ = Buffer();
    consume(held.view());
    flush();
  }
  if (is_closed()) return;
  const bool is_pending = pending_output() != 0;
  if (is_pending && !was_pending_) deadline_ = std::min(deadline_, after(now_, context_.options.read_timeout));
  was_pending_ = is_pending;
  if (is_pending || state_ != State::closing) return;
  if (is_at_end_ || (is_draining_ && !is_unread_)) return close();
  transport_->finish_sending();
  state_ = State::lingering;
  deadline_ = now_ + linger_time;
}

void HttpSession::consume(std::string_view view) {
  while (!view.empty() && !is_closed()) {
    if (pending_output() >= output_high_water && state_ != State::closing) return held_.append(view);
    switch (state_) {
      case State::idle:
      case State::head: parse_head(view); break;
      case State::chunked: parse_chunks(view); break;
      case State::body: {
        const std::string_view part = view.substr(0, body_left_);
        body_.append(part);
        body_left_ -= part.size();
        view.remove_prefix(part.size());
        if (body_left_ == 0) finish_request();
        break;
      }
      case State::discard: {
        const std::size_t count = std::min<std::uint64_t>(body_left_, view.size());
        body_left_ -= count;
        view.remove_prefix(count);
        if (body_left_ == 0) end_request();
        break;
      }
      case State::closing:
      case State::lingering:
        lingered_ += view.size();
        view = {};
        if (lingered_ > linger_bytes_max) close();
        break;
    }
  }
}

void HttpSession::parse_head(std::string_view& view) {
  if (state_ == State::idle) {
    http_parser_init(&parser_, HTTP_REQUEST);
    parser_.data = this;
    builder_.clear();
    is_in_value_ = true;
    head_bytes_ = 0;
    state_ = State::head;
    deadline_ = after(now_, context_.options.read_timeout);
  }
  const std::size_t used = http_parser_execute(&parser_, &settings(), view.data(), view.size());
  const http_errno problem = HTTP_PARSER_ERRNO(&parser_);
  head_bytes_ += used;
  if (head_bytes_ > context_.options.header_bytes_max.count || problem == HPE_HEADER_OVERFLOW) {
    return fail(431, "the request's header is too large\n");
  }
  if (problem != HPE_OK && problem != HPE_PAUSED) return fail(400, "the request is not valid HTTP/1.1\n");
  view.remove_prefix(used);
  if (problem == HPE_OK) return;
  // The parser stops on the last line feed without taking it. It wants it back for chunks.
  const bool is_chunked = (parser_.flags & F_CHUNKED) != 0;
  head_is_complete(view.size() > 1);
  if (is_chunked && state_ == State::chunked) {
    http_parser_pause(&parser_, 0);
  } else {
    view.remove_prefix(1);
  }
}

void HttpSession::parse_chunks(std::string_view& view) {
  const std::size_t used = http_parser_execute(&parser_, &settings(), view.data(), view.size());
  switch (HTTP_PARSER_ERRNO(&parser_)) {
    case HPE_OK: view = {}; return;
    case HPE_PAUSED:  // The message is complete.
      view.remove_prefix(std::min(used, view.size()));
      return finish_request();
    case HPE_CB_body:
      exchange_.reset();
      body_ = Buffer();
      is_keep_alive_ = false;
      is_unread_ = true;
      if (chunk_error_) {
        answer_error(*chunk_error_);
        return end_request();
      }
      return fail(413, "the body is too large\n");
    default: return fail(400, "the chunked body is not valid\n");
  }
}

bool HttpSession::has_spaced_name() {
  for (const auto& header : head().headers) {
    if (header.first.ends_with(' ')) return true;
  }
  return false;
}

std::optional<ServerResponse> HttpSession::check_head() {
  const auto problem = [](int status, std::string text) {
    return ServerResponse{.status = status, .content_type = "text/plain", .body = std::move(text)};
  };
  const bool is_chunked = (parser_.flags & F_CHUNKED) != 0;
  if (has_spaced_name()) {  // The parser lets it pass; proxies disagree on what it means.
    is_keep_alive_ = false;
    return problem(400, "a header name ends with a space\n");
  }
  if (!is_chunked && !head().header("transfer-encoding").empty()) {
    is_keep_alive_ = false;
    return problem(501, "only the transfer coding \"chunked\" is understood\n");
  }
  if (!is_chunked) head().body_size = Bytes{parser_.content_length == ULLONG_MAX ? 0 : parser_.content_length};
  if (context_.options.gate)
    if (std::optional<ServerResponse> response = context_.options.gate(head())) return response;
  std::string coding;
  const std::string_view written = head().header("content-encoding");
  HeadBuilder::append_lower(coding, written.data(), written.size());
  const std::optional<Encoding> encoding = encoding_named(coding);
  if (!encoding) return problem(400, "unsupported Content-Encoding: " + coding + "\n");
  head().encoding = *encoding;
  if (head().body_size && *head().body_size > context_.options.body_bytes_max) {
    return problem(413,
                   "the body is larger than " + std::to_string(context_.options.body_bytes_max.count) + " bytes\n");
  }
  return context_.handler->special_answer(head());
}

void HttpSession::head_is_complete(bool is_body_begun) {
  builder_.split_target();
  head().method = http_method_str(static_cast<http_method>(parser_.method));
  is_keep_alive_ = http_should_keep_alive(&parser_) && context_.options.is_keep_alive && !is_draining_;
  if (context_.options.cors && is_preflight(head())) {
    answer({.status = 204, .content_type = "", .body = ""}, true);
    if (parser_.content_length != ULLONG_MAX || (parser_.flags & F_CHUNKED)) is_keep_alive_ = false;
    return end_request();
  }
  if (const std::optional<ServerResponse> response = check_head()) return answer_early(*response);
  Result<std::unique_ptr<Exchange>> opened = context_.handler->open(head());
  if (!opened) return answer_early(response_to(opened.error()));
  exchange_ = std::move(*opened);
  begin_body(is_body_begun);
}

void HttpSession::begin_body(bool is_body_begun) {
  if (!head().body_size) {
    body_ = context_.take_buffer(0);
    state_ = State::chunked;
  } else {
    body_left_ = head().body_size->count;
    body_ = context_.take_buffer(body_left_);
    state_ = State::body;
    if (body_left_ == 0) return finish_request();
  }
  if (!is_body_begun && !head().header("expect").empty()) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
}

void HttpSession::finish_request() {
  const Result<ServerResponse> result = exchange_->finish(std::move(body_), head().encoding != Encoding::identity);
  exchange_.reset();
  body_ = Buffer();
  if (result) {
    answer(*result);
  } else {
    answer_error(result.error());
  }
  end_request();
}

ServerResponse HttpSession::response_to(const Error& error) {
  ServerResponse response{.status = status_of(error).http};
  const std::string_view type = head().header("content-type");
  if (type.starts_with("application/x-protobuf")) {
    response.content_type = "application/x-protobuf";
    response.body = encode_status(error);
  } else {
    response.body = encode_status_json(error);
  }
  if (error.retry_after() && error.is_retryable()) {
    response.headers.emplace_back("Retry-After", retry_after_seconds(*error.retry_after()));
  }
  return response;
}

void HttpSession::answer_error(const Error& error) { answer(response_to(error)); }

// An answer to a head alone; what follows of the request is not wanted.
void HttpSession::answer_early(const ServerResponse& response) {
  const bool is_chunked = (parser_.flags & F_CHUNKED) != 0;
  body_left_ = is_chunked || parser_.content_length == ULLONG_MAX ? 0 : parser_.content_length;
  // A client that expects 100 may or may not send the body after this: only closing is clear.
  if (is_chunked || body_left_ > discard_max || !head().header("expect").empty()) is_keep_alive_ = false;
  is_unread_ = !is_keep_alive_;
  answer(response);
  if (!is_keep_alive_ || body_left_ == 0) return end_request();
  state_ = State::discard;
}

void HttpSession::answer(const ServerResponse& response, bool is_for_preflight) {
  const auto line = [this](std::string_view name, std::string_view value) {
    out_.append(name);
    out_.append(": ");
    out_.append(value);
    out_.append("\r\n");
  };
  if (response.status >= 400 && context_.options.answered_with_error)
    context_.options.answered_with_error(response.status);
  out_.append("HTTP/1.1 ");
  out_.append(std::to_string(response.status));
  out_.push(' ');
  out_.append(reason_phrase(response.status));
  out_.append("\r\n");
  if (!response.content_type.empty()) line("Content-Type", response.content_type);
  if (response.status != 204) line("Content-Length", std::to_string(response.body.size()));
  if (!is_keep_alive_) {
    line("Connection", "close");
  } else if (parser_.http_minor == 0) {
    line("Connection", "keep-alive");
  }
  for (const auto& [name, value] : context_.options.response_headers) line(name, value);
  for (const auto& [name, value] : response.headers) line(name, value);
  if (context_.options.cors) append_cors_headers(*context_.options.cors, head(), is_for_preflight, out_);
  out_.append("\r\n");
  if (head().method != "HEAD" && response.status != 204) out_.append(response.body);
}

void HttpSession::end_request() {
  exchange_.reset();
  chunk_error_.reset();
  if (!is_keep_alive_ || is_draining_) {
    is_keep_alive_ = false;
    state_ = State::closing;
    return;
  }
  state_ = State::idle;
  deadline_ = after(now_, context_.options.idle_timeout);
}

// The stream of bytes makes no sense any more, or the client broke a limit.
void HttpSession::fail(int status, std::string_view text) {
  is_keep_alive_ = false;
  is_unread_ = true;
  body_ = Buffer();
  answer({.status = status, .content_type = "text/plain", .body = std::string(text)});
  end_request();
}

}  // namespace

std::unique_ptr<Session> make_http_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           std::string peer, Instant now) {
  return std::make_unique<HttpSession>(context, std::move(transport), std::move(peer), now);
}

}  // namespace rankwire::net
