// One HTTP/2 connection that carries one gRPC call at a time. Private to this room.
// The message's pieces are written where they lie: nghttp2 decides the frames, and only their
// nine-byte headers are made here.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "net/grpc_client.hpp"

struct nghttp2_session;

namespace rankwire::net {

struct GrpcRequest {
  const std::string& path;
  std::span<const std::string_view> pieces;  // The length prefix first.
  Encoding encoding;
  const Headers* metadata = nullptr;  // In place of the options'.
};

class GrpcConnection {
 public:
  GrpcConnection(std::unique_ptr<Stream> stream, const GrpcClientOptions& options, Clock& clock);
  ~GrpcConnection();
  GrpcConnection(const GrpcConnection&) = delete;

  Result<GrpcResponse> call(const GrpcRequest& request, Deadline deadline, const std::stop_token& stop);
  // After a call: whether another one may follow.
  bool is_reusable() const;
  // Before another call: takes in what the server sent meanwhile (pings, settings, goodbyes) without
  // waiting, and says whether the connection is still good.
  bool refresh();
  // Whether the failed call may be made again elsewhere: no part of an answer came, or the server said
  // that it did nothing.
  bool is_untouched() const { return !has_heard_ || is_refused_; }

  static constexpr std::uint64_t response_bytes_max = 4 << 20;

 private:
  struct Callbacks;

  // A part of the output: bytes of ours (frame headers) or of the message.
  struct Segment {
    const char* data;  // Null: at `offset` in frames_.
    std::size_t offset;
    std::size_t size;
  };
  struct Answer {
    int http_status = 0;
    std::optional<int> grpc_status;
    std::string message, details, encoding;
    std::string body;  // Length prefix and message.
  };

  Result<void> submit(const GrpcRequest& request, Deadline deadline);
  Result<void> exchange(Deadline deadline, const std::stop_token& stop);
  Result<void> collect();
  Result<void> write_some(Deadline deadline, const std::stop_token& stop);
  Result<void> read_some(Deadline deadline, const std::stop_token& stop);
  Result<void> take_in(std::string_view bytes);
  Result<GrpcResponse> conclude();
  void keep_header(std::string_view name, std::string_view value);
  void append_message(std::size_t count);

  const std::unique_ptr<Stream> stream_;
  const GrpcClientOptions& options_;
  Clock& clock_;
  nghttp2_session* session_ = nullptr;
  char input_[8 * 1024];

  // Output not written yet.
  std::string frames_;
  std::vector<Segment> segments_;
  std::vector<std::string_view> pieces_;  // segments_ as written; empty while they still grow.
  std::size_t written_ = 0, to_write_ = 0;

  // The call in progress or the last one.
  std::span<const std::string_view> message_;  // What is not handed to nghttp2 yet.
  std::size_t message_offset_ = 0;             // In its first piece.
  std::size_t message_left_ = 0;
  std::int32_t stream_id_ = 0;
  Answer answer_;
  std::uint32_t reset_code_ = 0;
  bool is_done_ = false;
  bool has_ended_ = false;  // By END_STREAM, not by a reset.
  bool has_heard_ = false;
  bool is_refused_ = false;
  bool is_too_large_ = false;
  bool is_probing_ = false;  // A keepalive ping is unanswered.
  bool is_new_ = true;       // Nothing was received on the connection yet.
  bool is_broken_ = false;   // The connection.
  bool is_leaving_ = false;  // The server said goodbye.
};

}  // namespace rankwire::net
