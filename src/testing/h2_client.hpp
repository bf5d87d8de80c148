// A gRPC client made of nghttp2 for tests of servers: sends what it is told, also half of it, and
// shows what came back on each stream. Programs that use it link nghttp2.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "testing/raw_client.hpp"

namespace rankwire::testing {

struct H2Answer {
  std::map<std::string, std::string> headers;  // Trailers too.
  std::string body;
  bool is_closed = false;
  std::uint32_t error = 0;  // Of RST_STREAM.
  int code() const { return headers.contains("grpc-status") ? std::stoi(headers.at("grpc-status")) : -1; }
};

class H2Client {
 public:
  explicit H2Client(std::uint16_t port) : socket_(port) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
          static_cast<H2Client*>(self)->answers[frame->hd.stream_id].headers[{
              reinterpret_cast<const char*>(name), name_size}] = {reinterpret_cast<const char*>(value), value_size};
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* self) {
          static_cast<H2Client*>(self)->answers[id].body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
          H2Answer& answer = static_cast<H2Client*>(self)->answers[id];
          answer.is_closed = true;
          answer.error = error;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
                                                           auto& client = *static_cast<H2Client*>(self);
                                                           if (frame->hd.type == NGHTTP2_GOAWAY)
                                                             client.goaways.push_back(frame->goaway.error_code);
                                                           if (frame->hd.type == NGHTTP2_PING) ++client.pings;
                                                           return 0;
                                                         });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, 0, nullptr, 0);
  }
  ~H2Client() { nghttp2_session_del(session_); }

  // Starts a call; `is_whole` false leaves it open for more data.
  std::int32_t start(const std::string& path, std::string data, bool is_whole = true,
                     std::vector<std::pair<std::string, std::string>> more = {}) {
    std::vector<std::pair<std::string, std::string>> headers = {{":method", "POST"},
                                                                {":scheme", "http"},
                                                                {":path", path},
                                                                {":authority", "a"},
                                                                {"content-type", "application/grpc"},
                                                                {"te", "trailers"}};
    for (auto& header : more) {
      if (header.first == "content-type")
        headers[4] = header;
      else
        headers.push_back(header);
    }
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : headers) {
      fields.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                        name.size(), value.size(), 0});
    }
    auto upload = std::make_unique<Upload>(Upload{std::move(data), is_whole});
    nghttp2_data_provider provider{.source = {.ptr = upload.get()}, .read_callback = read};
    const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
    uploads_.push_back(std::move(upload));
    send();
    return id;
  }
  void ping() {
    nghttp2_submit_ping(session_, 0, nullptr);
    send();
  }
  void cancel(std::int32_t id) {
    nghttp2_submit_rst_stream(session_, 0, id, NGHTTP2_CANCEL);
    send();
  }
  // Until the stream is closed, or the connection is.
  H2Answer answer_to(std::int32_t id) {
    while (!answers[id].is_closed && receive()) {}
    return answers[id];
  }
  bool receive() {
    char bytes[16384];
    const ssize_t count = ::recv(socket_.descriptor(), bytes, sizeof(bytes), 0);
    if (count <= 0) return false;
    if (nghttp2_session_mem_recv(session_, reinterpret_cast<std::uint8_t*>(bytes), static_cast<std::size_t>(count)) <
        0) {
      return false;
    }
    send();
    return true;
  }
  bool send() {
    const std::uint8_t* data = nullptr;
    ssize_t size = 0;
    while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
      if (!socket_.send({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)})) return false;
    }
    return true;
  }

  std::map<std::int32_t, H2Answer> answers;
  std::vector<std::uint32_t> goaways;
  int pings = 0;  // Received, answers included.

 private:
  struct Upload {
    std::string data;
    bool is_whole;
    std::size_t sent = 0;
  };
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                      nghttp2_data_source* source, void*) {
    auto& upload = *static_cast<Upload*>(source->ptr);
    const std::size_t count = upload.data.copy(reinterpret_cast<char*>(into), size, upload.sent);
    upload.sent += count;
    if (upload.sent == upload.data.size() && upload.is_whole) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (count == 0 && !upload.is_whole) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(count);
  }

  RawClient socket_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<Upload>> uploads_;
};

// A message with the five bytes before it.
inline std::string framed(std::string_view message, char flag = 0) {
  std::string out(1, flag);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message.size() >> shift));
  return out.append(message);
}

}  // namespace rankwire::testing
