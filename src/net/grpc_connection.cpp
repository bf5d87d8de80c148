// nghttp2 drives the protocol; this drives nghttp2 over a blocking stream.
#include "net/grpc_connection.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "net/rpc_status.hpp"
#include "net/text_encodings.hpp"

namespace rankwire::net {

namespace {

Error broken(std::string message) { return Error(ErrorKind::unavailable, std::move(message)); }

nghttp2_nv pair_of(std::string_view name, std::string_view value, std::uint8_t flags = NGHTTP2_NV_FLAG_NONE) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

}  // namespace

// What nghttp2 calls while it sends and receives. Zero goes on.
struct GrpcConnection::Callbacks {
  static GrpcConnection& self(void* user) { return *static_cast<GrpcConnection*>(user); }

  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    auto& connection = self(user);
    const std::size_t offset = connection.frames_.size();
    connection.frames_.append(reinterpret_cast<const char*>(data), size);
    connection.segments_.push_back({nullptr, offset, size});
    connection.to_write_ += size;
    return static_cast<ssize_t>(size);
  }

  static ssize_t offer(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room, std::uint32_t* flags,
                       nghttp2_data_source*, void* user) {
    auto& connection = self(user);
    const std::size_t count = std::min(room, connection.message_left_);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count == connection.message_left_) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static int send_data(nghttp2_session* session, nghttp2_frame*, const std::uint8_t* frame_header, std::size_t count,
                       nghttp2_data_source*, void* user) {
    constexpr std::size_t frame_header_bytes = 9;
    send(session, frame_header, frame_header_bytes, 0, user);
    self(user).append_message(count);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    auto& connection = self(user);
    if (frame->hd.stream_id == connection.stream_id_)
      connection.keep_header({reinterpret_cast<const char*>(name), name_size},
                             {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                  void* user) {
    auto& connection = self(user);
    if (id != connection.stream_id_ || connection.answer_.http_status != 200) return 0;
    if (connection.answer_.body.size() + size > response_bytes_max + 5) {
      connection.is_too_large_ = connection.is_done_ = true;
      return 0;
    }
    connection.answer_.body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& connection = self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) connection.is_leaving_ = true;
    if (frame->hd.type == NGHTTP2_PING) connection.is_probing_ = false;
    const bool is_last = frame->hd.stream_id == connection.stream_id_ &&
                         (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                         (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_last) connection.is_done_ = connection.has_ended_ = true;
    return 0;
  }

  static int close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    auto& connection = self(user);
    if (id != connection.stream_id_) return 0;
    connection.is_done_ = true;
    connection.reset_code_ = code;
    connection.is_refused_ = code == NGHTTP2_REFUSED_STREAM && !connection.answer_.grpc_status;
    return 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_send_callback(made, send);
    nghttp2_session_callbacks_set_send_data_callback(made, send_data);
    nghttp2_session_callbacks_set_on_header_callback(made, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, close);
    return made;
  }
};

GrpcConnection::GrpcConnection(std::unique_ptr<Stream> stream, const GrpcClientOptions& options, Clock& clock)
    : stream_(std::move(stream)), options_(options), clock_(clock) {
  static nghttp2_session_callbacks* const callbacks = Callbacks::make();
  is_broken_ = nghttp2_session_client_new(&session_, callbacks, this) != 0;
  if (is_broken_) return;
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 64 * 1024}};
  is_broken_ = nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0;
}

GrpcConnection::~GrpcConnection() { nghttp2_session_del(session_); }

void GrpcConnection::append_message(std::size_t count) {
  to_write_ += count;
  message_left_ -= count;
  while (count != 0) {
    const std::string_view piece = message_.front().substr(message_offset_);
    const std::size_t taken = std::min(count, piece.size());
    if (taken != 0) segments_.push_back({piece.data(), 0, taken});
    count -= taken;
    message_offset_ += taken;
    if (taken < piece.size()) break;
    message_ = message_.subspan(1);
    message_offset_ = 0;
  }
}

void GrpcConnection::keep_header(std::string_view name, std::string_view value) {
  const auto number = [](std::string_view text) {
    int parsed = 0;
    for (const char c : text.substr(0, 6)) {
      if (c < '0' || c > '9') return 2;  // UNKNOWN.
      parsed = parsed * 10 + (c - '0');
    }
    return parsed;
  };
  has_heard_ = true;
  if (name == ":status") answer_.http_status = number(value);
  if (name == "grpc-status") answer_.grpc_status = number(value);
  if (name == "grpc-message") answer_.message = value;
  if (name == "grpc-status-details-bin") answer_.details = value;
  if (name == "grpc-encoding") answer_.encoding = value;
}

Result<void> GrpcConnection::submit(const GrpcRequest& request, Deadline deadline) {
  message_ = request.pieces;
  message_offset_ = message_left_ = 0;
  for (const auto piece : request.pieces) message_left_ += piece.size();
  answer_ = {};
  reset_code_ = 0;
  is_done_ = has_ended_ = has_heard_ = is_refused_ = is_too_large_ = is_probing_ = false;

  const std::string authority = options_.authority.empty() ? options_.endpoint.text() : options_.authority;
  std::string timeout;
  std::vector<nghttp2_nv> head = {pair_of(":method", "POST"),
                                  pair_of(":scheme", options_.tls ? "https" : "http"),
                                  pair_of(":path", request.path),
                                  pair_of(":authority", authority),
                                  pair_of("content-type", "application/grpc"),
                                  pair_of("te", "trailers"),
                                  pair_of("user-agent", options_.user_agent),
                                  pair_of("grpc-accept-encoding", "identity,gzip,zstd")};
  if (request.encoding != Encoding::identity) head.push_back(pair_of("grpc-encoding", name_of(request.encoding)));
  if (deadline.at != Instant::max()) {
    timeout = grpc_timeout(deadline.at - clock_.now());
    head.push_back(pair_of("grpc-timeout", timeout, NGHTTP2_NV_FLAG_NO_INDEX));
  }
  for (const auto& [name, value] : request.metadata != nullptr ? *request.metadata : options_.metadata)
    head.push_back(pair_of(name, value, name == "authorization" ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE));
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::offer;
  stream_id_ = nghttp2_submit_request(session_, nullptr, head.data(), head.size(), &provider, nullptr);
  if (stream_id_ < 0) return broken(std::string("opening a call: ") + nghttp2_strerror(stream_id_));
  return {};
}

// Moves what nghttp2 wants to send, as far as the server's windows allow, to the output.
Result<void> GrpcConnection::collect() {
  if (written_ < to_write_) return {};
  frames_.clear();
  segments_.clear();
  written_ = to_write_ = 0;
  if (const int code = nghttp2_session_send(session_); code != 0)
    return broken(std::string("HTTP/2: ") + nghttp2_strerror(code));
  pieces_.clear();
  for (const Segment& segment : segments_) {
    const char* data = segment.data != nullptr ? segment.data : frames_.data() + segment.offset;
    pieces_.emplace_back(data, segment.size);
  }
  return {};
}

// Ends early when the server says something, which may be that it wants no more.
Result<void> GrpcConnection::write_some(Deadline deadline, const std::stop_token& stop) {
  if (written_ == to_write_) return {};
  auto reached = stream_->write_unless_answered(pieces_, written_, deadline, stop);
  if (!reached) return std::move(reached).error();
  written_ = *reached;
  return {};
}

Result<void> GrpcConnection::take_in(std::string_view bytes) {
  if (std::exchange(is_new_, false) && bytes.starts_with("HTTP/1."))
    return broken("the server speaks HTTP/1, not gRPC");
  const ssize_t used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) return broken(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)));
  return {};
}

Result<void> GrpcConnection::read_some(Deadline deadline, const std::stop_token& stop) {
  const Duration patience = is_probing_ ? options_.keepalive_timeout : options_.keepalive_time;
  Deadline until = deadline;
  if (options_.keepalive_time > Duration{0}) until.at = std::min(until.at, clock_.now() + patience);
  auto got = stream_->read(input_, sizeof input_, until, stop);
  if (got && *got != 0) return take_in({input_, *got});
  if (got) return broken("the server closed the connection");
  const bool is_silent = got.error().kind() == ErrorKind::unavailable && until.has_passed(clock_);
  if (!is_silent || deadline.has_passed(clock_)) return std::move(got).error();
  if (is_probing_) return broken("the server did not answer a keepalive ping");
  is_probing_ = true;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  return {};
}

Result<void> GrpcConnection::exchange(Deadline deadline, const std::stop_token& stop) {
  for (;;) {
    RANKWIRE_TRY(collect());
    RANKWIRE_TRY(write_some(deadline, stop));
    if (is_done_) return {};
    if (written_ == to_write_ && !nghttp2_session_want_read(session_)) return broken("the HTTP/2 connection ended");
    RANKWIRE_TRY(read_some(deadline, stop));
    if (!is_done_ || message_left_ == 0) continue;
    // Answered before everything was sent: say that no more comes.
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_id_, NGHTTP2_NO_ERROR);
    message_left_ = 0;
    if (written_ < to_write_) is_broken_ = true;  // A frame is cut; its rest may never find room.
    if (is_broken_) return {};
  }
}

Result<GrpcResponse> GrpcConnection::call(const GrpcRequest& request, Deadline deadline, const std::stop_token& stop) {
  if (is_broken_) return broken("the HTTP/2 connection could not be set up");
  auto submitted = submit(request, deadline);
  auto exchanged = submitted ? exchange(deadline, stop) : std::move(submitted);
  // A broken connection after the answer does not unmake the answer.
  if (!exchanged || is_too_large_) is_broken_ = true;
  message_ = {};
  message_left_ = 0;
  if (!exchanged && !(has_ended_ && answer_.grpc_status)) return std::move(exchanged).error();
  return conclude();
}

Result<GrpcResponse> GrpcConnection::conclude() {
  if (is_too_large_)
    return Error(ErrorKind::invalid, "the answer is larger than " + std::to_string(response_bytes_max) + " bytes");
  GrpcResponse response;
  if (!answer_.grpc_status) {
    if (!has_ended_) return broken(std::string("the server reset the call: ") + nghttp2_http2_strerror(reset_code_));
    if (answer_.http_status == 200) return broken("the server ended the call without a status");
    response.status = grpc_code_of_http(answer_.http_status);
    response.message = "the server answered with HTTP status " + std::to_string(answer_.http_status);
    return response;
  }
  response.status = *answer_.grpc_status;
  response.message = percent_decode(answer_.message);
  if (const auto details = base64_decode(answer_.details); details && !details->empty()) {
    if (const auto status = parse_rpc_status(*details)) response.retry_delay = status->retry_delay;
  }
  constexpr std::size_t prefix_bytes = 5;
  if (response.status != 0 || answer_.body.size() < prefix_bytes) return response;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(answer_.body[i]));
  };
  const std::size_t size = byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4);
  if (size > answer_.body.size() - prefix_bytes) return Error(ErrorKind::invalid, "the answer's message is cut short");
  const std::string_view message = std::string_view(answer_.body).substr(prefix_bytes, size);
  if (byte(0) == 0) {
    response.body = message;
    return response;
  }
  const auto encoding = encoding_named(answer_.encoding);
  if (!encoding) return Error(ErrorKind::invalid, "the answer's encoding is unknown");
  auto plain = decompress(*encoding, message, Bytes{response_bytes_max});
  if (!plain) return Error(ErrorKind::invalid, plain.error().message()).during("reading the answer");
  response.body = plain->view();
  return response;
}

bool GrpcConnection::is_reusable() const {
  return !is_broken_ && !is_leaving_ && written_ == to_write_ && nghttp2_session_check_request_allowed(session_) != 0;
}

bool GrpcConnection::refresh() {
  while (!is_broken_ && stream_->is_stale()) {
    const auto got = stream_->read(input_, sizeof input_, {clock_.now()}, {});
    is_broken_ = !got || *got == 0 || !take_in({input_, *got});
  }
  return is_reusable();
}

}  // namespace rankwire::net
