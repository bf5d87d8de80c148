// Unary gRPC over HTTP/2 on one connection. nghttp2 does the frames; messages, statuses, keepalive
// and the farewell (GOAWAY) are ours. Data is either kept under an admission or thrown away at once,
// so windows are always given back and bound nothing but the wire.
#include <nghttp2/nghttp2.h>

#include <unordered_map>

#include "net/server_grpc_stream.hpp"
#include "net/server_session.hpp"
#include "net/server_status.hpp"

namespace rankwire::net {

namespace {

constexpr std::uint32_t stream_window = 1 << 20;
constexpr std::int32_t connection_window = 4 << 20;
constexpr std::uint32_t frame_size_max = 256 << 10;
constexpr std::size_t spare_streams_max = 16;
constexpr int ping_strikes_max = 2;
constexpr Duration farewell_wait = std::chrono::seconds(1);  // For the answer to the ping after GOAWAY.
constexpr unsigned char keepalive_ping[8] = {'k', 'e', 'e', 'p', 'a', 'l', 'i', 'v'};
constexpr unsigned char farewell_ping[8] = {'f', 'a', 'r', 'e', 'w', 'e', 'l', 'l'};

// google.rpc.Code
constexpr int code_deadline_exceeded = 4;
constexpr int code_resource_exhausted = 8;
constexpr int code_unimplemented = 12;
constexpr int code_internal = 13;

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

class GrpcSession final : public Session {
 public:
  GrpcSession(SessionContext& context, std::unique_ptr<Transport> transport, std::string peer, Instant now);
  ~GrpcSession() override {
    is_ending_ = true;
    nghttp2_session_del(http2_);
  }

  void on_readable(Instant now) override;
  void on_writable(Instant now) override;
  void on_timer(Instant now) override;
  void drain(Instant now) override;
  bool wants_read() const override { return !is_closed() && pending_output() < output_high_water; }
  Instant deadline() const override;

 private:
  friend struct Callbacks;

  GrpcStream* stream_of(std::int32_t id) {
    return static_cast<GrpcStream*>(nghttp2_session_get_stream_user_data(http2_, id));
  }
  void open_stream(std::int32_t id);
  void close_stream(std::int32_t id);
  void frame_came(const nghttp2_frame& frame);
  void ping_came(const nghttp2_ping& ping);
  void head_came(GrpcStream& stream);
  void data_came(GrpcStream& stream, std::string_view data);
  bool open_message(GrpcStream& stream);
  void end_came(GrpcStream& stream);
  void answer_message(GrpcStream& stream, std::string body);
  void answer_status(GrpcStream& stream, int code, std::string_view message, std::string_view details = {});
  void answer_error(GrpcStream& stream, const Error& error);
  void answer_http(GrpcStream& stream, int status);
  void note_error(int status) {
    if (context_.options.answered_with_error) context_.options.answered_with_error(status);
  }
  void frame_went(const nghttp2_frame& frame);
  void say_farewell();
  void check_streams(Instant now);
  void check_keepalive(Instant now);
  void pump();

  nghttp2_session* http2_ = nullptr;
  const std::string peer_;
  std::unordered_map<std::int32_t, std::unique_ptr<GrpcStream>> streams_;
  std::vector<std::unique_ptr<GrpcStream>> spare_;
  Instant now_;
  Instant last_read_;
  Instant idle_since_;                           // Of the last stream's end.
  Instant preface_at_;                           // By then the client must have spoken HTTP/2.
  Instant streams_checked_at_ = Instant::max();  // No stream's deadline is earlier.
  Instant age_at_ = Instant::max();
  Instant grace_at_ = Instant::max();
  Instant farewell_at_ = Instant::max();
  Instant ping_sent_ = Instant::max();  // max(): none is unanswered.
  Instant last_client_ping_ = Instant::min();
  int ping_strikes_ = 0;
  bool is_draining_ = false;
  bool is_farewell_said_ = false;
  bool is_ending_ = false;
};

// nghttp2's callbacks, which find the session in their last argument.
struct Callbacks {
  static GrpcSession& self(void* session) { return *static_cast<GrpcSession*>(session); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* session) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(session).open_stream(frame->hd.stream_id);
    }
    return 0;
  }
  static int header_came(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                         const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* session) {
    GrpcStream* stream = self(session).stream_of(frame->hd.stream_id);
    if (!stream || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    stream->header_bytes += name_size + value_size;
    if (stream->header_bytes > self(session).context_.options.header_bytes_max.count) return 0;  // Refused later.
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":method") {
      stream->builder.head.method = text;
    } else if (key == ":path") {
      stream->builder.head.path = text;
    } else if (!key.starts_with(':')) {
      stream->builder.begin_header();
      stream->builder.name() = key;
      stream->builder.value() = text;
    }
    return 0;
  }
  static int data_came(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                       void* session) {
    if (GrpcStream* stream = self(session).stream_of(id)) {
      self(session).data_came(*stream, {reinterpret_cast<const char*>(data), size});
    }
    return 0;
  }
  static int frame_came(nghttp2_session*, const nghttp2_frame* frame, void* session) {
    self(session).frame_came(*frame);
    return 0;
  }
  static int frame_went(nghttp2_session*, const nghttp2_frame* frame, void* session) {
    self(session).frame_went(*frame);
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* session) {
    self(session).close_stream(id);
    return 0;
  }
  static ssize_t read_response(nghttp2_session* http2, std::int32_t id, std::uint8_t* into, std::size_t size,
                               std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<GrpcStream*>(source->ptr);
    const std::size_t count = stream.response.copy(reinterpret_cast<char*>(into), size, stream.response_sent);
    stream.response_sent += count;
    if (stream.response_sent == stream.response.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailer = header("grpc-status", "0");
      nghttp2_submit_trailer(http2, id, &trailer, 1);
    }
    return static_cast<ssize_t>(count);
  }
  static nghttp2_session_callbacks* all() {
    static nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      nghttp2_session_callbacks_new(&callbacks);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, header_came);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_came);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_went);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
      return callbacks;
    }();
    return made;
  }
};

GrpcSession::GrpcSession(SessionContext& context, std::unique_ptr<Transport> transport, std::string peer, Instant now)
    : Session(context, std::move(transport)), peer_(std::move(peer)), now_(now), last_read_(now), idle_since_(now) {
  const ServerOptions& options = context.options;
  preface_at_ = after(now, options.read_timeout);
  age_at_ = after(now, options.keepalive_max_connection_age);
  nghttp2_session_server_new(&http2_, Callbacks::all(), this);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.concurrent_streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, frame_size_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.header_bytes_max.count)},
  };
  nghttp2_submit_settings(http2_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(http2_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

void GrpcSession::on_readable(Instant now) {
  now_ = now;
  for (int reads = 0; wants_read() && (reads < reads_in_a_row_max || transport_->has_buffered()); ++reads) {
    const IoResult result = transport_->read(context_.scratch.get(), SessionContext::scratch_size);
    if (result.count != 0) {
      last_read_ = now;
      ping_sent_ = Instant::max();  // Anything shows that the client lives.
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(context_.scratch.get());
      if (nghttp2_session_mem_recv(http2_, bytes, result.count) < 0) {
        pump();
        return close();
      }
    }
    if (result.state == IoState::closed) return close();
    if (result.state == IoState::blocked) break;
  }
  pump();
}

void GrpcSession::on_writable(Instant now) {
  now_ = now;
  if (transport_->needs_write() && wants_read()) return on_readable(now);
  pump();
}

// Moves frames from nghttp2 to the socket; closes when there is nothing left to say on either side.
void GrpcSession::pump() {
  while (!is_closed() && pending_output() < output_high_water) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(http2_, &data);
    if (size < 0) return close();
    if (size == 0) break;
    out_.append({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
  }
  flush();
  const bool is_over = !nghttp2_session_want_read(http2_) && !nghttp2_session_want_write(http2_);
  if (pending_output() == 0 && (is_over || (is_farewell_said_ && streams_.empty()))) close();
}

Instant GrpcSession::deadline() const {
  const ServerOptions& options = context_.options;
  Instant earliest = std::min({preface_at_, streams_checked_at_, age_at_, grace_at_, farewell_at_});
  if (streams_.empty()) earliest = std::min(earliest, after(idle_since_, options.idle_timeout));
  if (ping_sent_ != Instant::max()) return std::min(earliest, after(ping_sent_, options.keepalive_timeout));
  return std::min(earliest, after(last_read_, options.keepalive_time));
}

void GrpcSession::on_timer(Instant now) {
  now_ = now;
  if (now >= preface_at_ || now >= grace_at_) return close();
  if (now >= streams_checked_at_) check_streams(now);
  if (now >= farewell_at_) say_farewell();
  check_keepalive(now);
  if (is_closed()) return;
  if (now >= age_at_) {
    age_at_ = Instant::max();
    grace_at_ = after(now, context_.options.keepalive_max_connection_age_grace);
    drain(now);
  }
  const bool is_idle = streams_.empty() && now >= after(idle_since_, context_.options.idle_timeout);
  if (is_idle) drain(now);
  if (!is_closed()) pump();
}

void GrpcSession::check_streams(Instant now) {
  streams_checked_at_ = Instant::max();
  for (const auto& [id, stream] : streams_) {
    if (stream->is_ended || stream->is_answered) continue;
    if (now >= stream->deadline) {
      answer_status(*stream, code_deadline_exceeded, "the request took too long to arrive");
    } else {
      streams_checked_at_ = std::min(streams_checked_at_, stream->deadline);
    }
  }
}

void GrpcSession::check_keepalive(Instant now) {
  const ServerOptions& options = context_.options;
  if (ping_sent_ != Instant::max()) {
    if (now >= after(ping_sent_, options.keepalive_timeout)) close();
  } else if (now >= after(last_read_, options.keepalive_time)) {
    nghttp2_submit_ping(http2_, NGHTTP2_FLAG_NONE, keepalive_ping);
    ping_sent_ = now;
  }
}

// First a notice, so that the client starts nothing new; when the ping behind it has come back, all
// streams that crossed it are known and the real GOAWAY names the last of them.
void GrpcSession::drain(Instant now) {
  now_ = now;
  if (is_draining_ || is_closed()) return;
  is_draining_ = true;
  if (preface_at_ != Instant::max()) return close();
  if (streams_.empty()) {
    say_farewell();
  } else {
    nghttp2_submit_shutdown_notice(http2_);
    nghttp2_submit_ping(http2_, NGHTTP2_FLAG_NONE, farewell_ping);
    farewell_at_ = now + farewell_wait;
  }
  pump();
}

void GrpcSession::say_farewell() {
  farewell_at_ = Instant::max();
  if (is_farewell_said_) return;
  is_farewell_said_ = true;
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(http2_);
  nghttp2_submit_goaway(http2_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void GrpcSession::open_stream(std::int32_t id) {
  std::unique_ptr<GrpcStream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<GrpcStream>();
    stream->builder.head.peer = peer_;
    stream->builder.head.is_grpc = true;
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  stream->id = id;
  stream->deadline = after(now_, context_.options.read_timeout);
  streams_checked_at_ = std::min(streams_checked_at_, stream->deadline);
  nghttp2_session_set_stream_user_data(http2_, id, stream.get());
  streams_.insert_or_assign(id, std::move(stream));
}

void GrpcSession::close_stream(std::int32_t id) {
  const auto found = streams_.find(id);
  if (is_ending_ || found == streams_.end()) return;
  std::unique_ptr<GrpcStream> stream = std::move(found->second);
  streams_.erase(found);
  nghttp2_session_set_stream_user_data(http2_, id, nullptr);
  idle_since_ = now_;
  if (spare_.size() >= spare_streams_max) return;
  HeadBuilder builder = std::move(stream->builder);
  builder.clear();
  *stream = GrpcStream{};
  stream->builder = std::move(builder);
  spare_.push_back(std::move(stream));
}

void GrpcSession::frame_came(const nghttp2_frame& frame) {
  preface_at_ = Instant::max();
  if (frame.hd.type == NGHTTP2_PING) return ping_came(frame.ping);
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  GrpcStream* stream = stream_of(frame.hd.stream_id);
  if (!stream) return;
  stream->is_ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) head_came(*stream);
  if (stream->is_ended) end_came(*stream);
}

void GrpcSession::ping_came(const nghttp2_ping& ping) {
  if ((ping.hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    if (std::memcmp(ping.opaque_data, farewell_ping, sizeof(farewell_ping)) == 0) say_farewell();
    return;
  }
  const Duration least = context_.options.keepalive_min_time;
  if (least <= Duration::zero()) return;
  const bool is_early = last_client_ping_ != Instant::min() && now_ - last_client_ping_ < least;
  last_client_ping_ = now_;
  if (!is_early || ++ping_strikes_ <= ping_strikes_max) return;
  static constexpr std::string_view reason = "too_many_pings";  // The text that gRPC clients look for.
  nghttp2_submit_goaway(http2_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(http2_),
                        NGHTTP2_ENHANCE_YOUR_CALM, reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
  is_farewell_said_ = true;
}

void GrpcSession::head_came(GrpcStream& stream) {
  RequestHead& head = stream.builder.head;
  stream.builder.split_target();
  if (stream.header_bytes > context_.options.header_bytes_max.count) {
    return answer_status(stream, code_resource_exhausted, "the request's headers are too large");
  }
  if (head.method != "POST") return answer_http(stream, 405);
  if (!head.header("content-type").starts_with("application/grpc")) return answer_http(stream, 415);
  if (context_.options.gate)
    if (const std::optional<ServerResponse> response = context_.options.gate(head))
      return answer_status(stream, response->grpc_status, response->body);
  const std::string_view coding = head.header("grpc-encoding");
  const std::optional<Encoding> encoding = encoding_named(coding);
  if (!encoding) {
    return answer_status(stream, code_unimplemented, "grpc-encoding " + std::string(coding) + " is not supported");
  }
  head.encoding = *encoding;
  if (const std::optional<ServerResponse> special = context_.handler->special_answer(head)) {
    const int code = special->grpc_status == 0 ? code_unimplemented : special->grpc_status;
    return answer_status(stream, code, special->body);
  }
}

void GrpcSession::data_came(GrpcStream& stream, std::string_view data) {
  if (stream.is_answered) return;
  while (!data.empty() && stream.prefix_filled < grpc_prefix_size) {
    stream.prefix[stream.prefix_filled++] = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    if (stream.prefix_filled == grpc_prefix_size && !open_message(stream)) return;
  }
  if (data.empty()) return;
  if (data.size() > stream.expected - stream.body.size()) {
    return answer_status(stream, code_internal, "a unary call carries one message");
  }
  stream.body.append(data);
}

// The prefix is complete: flag and size of the message.
bool GrpcSession::open_message(GrpcStream& stream) {
  RequestHead& head = stream.builder.head;
  stream.is_compressed = stream.prefix[0] == 1;
  for (std::size_t i = 1; i < grpc_prefix_size; ++i) stream.expected = (stream.expected << 8) | stream.prefix[i];
  const bool is_flag_wrong = stream.prefix[0] > 1 || (stream.is_compressed && head.encoding == Encoding::identity);
  if (is_flag_wrong) {
    answer_status(stream, code_internal, "the message's compression flag does not fit grpc-encoding");
    return false;
  }
  const std::uint64_t limit = context_.options.body_bytes_max.count;
  if (stream.expected > limit) {
    answer_status(stream, code_resource_exhausted,
                  "message of " + std::to_string(stream.expected) + " bytes is larger than " + std::to_string(limit));
    return false;
  }
  head.body_size = Bytes{stream.expected};
  Result<std::unique_ptr<Exchange>> opened = context_.handler->open(head);
  if (!opened) {
    answer_error(stream, opened.error());
    return false;
  }
  stream.exchange = std::move(*opened);
  stream.body = context_.take_buffer(stream.expected);
  return true;
}

void GrpcSession::end_came(GrpcStream& stream) {
  if (stream.is_answered) return;
  if (!stream.exchange || stream.body.size() < stream.expected) {
    return answer_status(stream, code_internal, "the request ended inside its message");
  }
  Result<ServerResponse> result = stream.exchange->finish(std::move(stream.body), stream.is_compressed);
  stream.exchange.reset();
  if (result) {
    answer_message(stream, std::move(result->body));
  } else {
    answer_error(stream, result.error());
  }
}

void GrpcSession::answer_message(GrpcStream& stream, std::string body) {
  stream.is_answered = true;
  ping_strikes_ = 0;
  const std::size_t size = body.size();
  stream.response.assign(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) stream.response.push_back(static_cast<char>(size >> shift));
  stream.response += body;
  const nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
  const nghttp2_data_provider provider{.source = {.ptr = &stream}, .read_callback = Callbacks::read_response};
  nghttp2_submit_response(http2_, stream.id, headers, std::size(headers), &provider);
}

void GrpcSession::answer_status(GrpcStream& stream, int code, std::string_view message, std::string_view details) {
  stream.is_answered = true;
  if (code != 0) note_error(code);
  ping_strikes_ = 0;
  stream.exchange.reset();
  stream.body = Buffer();
  const std::string number = std::to_string(code), text = percent_encoded(message);
  std::vector<nghttp2_nv> headers = {header(":status", "200"), header("content-type", "application/grpc"),
                                     header("grpc-status", number), header("grpc-message", text)};
  if (!details.empty()) headers.push_back(header("grpc-status-details-bin", details));
  if (code == code_unimplemented) {
    headers.push_back(header("grpc-accept-encoding", "identity,gzip,deflate,zstd,snappy"));
  }
  nghttp2_submit_response(http2_, stream.id, headers.data(), headers.size(), nullptr);
}

void GrpcSession::answer_error(GrpcStream& stream, const Error& error) {
  const std::string details = error.retry_after() ? base64_unpadded(encode_status(error)) : std::string();
  answer_status(stream, status_of(error).grpc, error.message(), details);
}

// To a client that does not speak gRPC.
void GrpcSession::answer_http(GrpcStream& stream, int status) {
  stream.is_answered = true;
  note_error(status);
  const std::string text = std::to_string(status);
  const nghttp2_nv headers[] = {header(":status", text)};
  nghttp2_submit_response(http2_, stream.id, headers, std::size(headers), nullptr);
}

// Without this a client that was answered early goes on uploading until its own time-out.
void GrpcSession::frame_went(const nghttp2_frame& frame) {
  const bool is_last = frame.hd.type == NGHTTP2_HEADERS && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!is_last) return;
  const GrpcStream* stream = stream_of(frame.hd.stream_id);
  if (stream && !stream->is_ended) {
    nghttp2_submit_rst_stream(http2_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
  }
}

}  // namespace

std::unique_ptr<Session> make_grpc_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           std::string peer, Instant now) {
  return std::make_unique<GrpcSession>(context, std::move(transport), std::move(peer), now);
}

}  // namespace rankwire::net
