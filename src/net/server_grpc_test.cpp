// gRPC over real sockets, with a client made of nghttp2 that shows every frame it gets.
#include <doctest/doctest.h>
#include <nghttp2/nghttp2.h>

#include <map>

#include "net/server.hpp"
#include "net/server_status.hpp"
#include "net/server_test_handler.hpp"
#include "testing/raw_client.hpp"

namespace rankwire::net {
namespace {

using rankwire::testing::RawClient;
using testing_support::RecordingHandler;

struct Answer {
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
          Answer& answer = static_cast<H2Client*>(self)->answers[id];
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
  Answer answer_to(std::int32_t id) {
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

  std::map<std::int32_t, Answer> answers;
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

std::string framed(std::string_view message, char flag = 0) {
  std::string out(1, flag);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message.size() >> shift));
  return out.append(message);
}

struct Fixture {
  explicit Fixture(ServerOptions options = {}) {
    options.protocol = Protocol::grpc;
    options.listen = {"127.0.0.1", 0};
    server = std::move(Server::start(std::move(options), handler, clock).value());
  }
  Answer call(const std::string& path, const std::string& data,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    H2Client client(server->port());
    return client.answer_to(client.start(path, data, true, std::move(headers)));
  }
  SystemClock clock;
  RecordingHandler handler;
  std::unique_ptr<Server> server;
};

TEST_CASE("a call is answered with a message and status 0 in the trailers") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  for (const std::string& message : {std::string("hello"), std::string(), std::string(3'000'000, 'm')}) {
    const Answer answer = client.answer_to(client.start("/a.B/C", framed(message), true, {{"x-tenant", "one"}}));
    CHECK(answer.headers.at(":status") == "200");
    CHECK(answer.headers.at("content-type") == "application/grpc");
    CHECK(answer.code() == 0);
    CHECK(answer.body == framed(std::to_string(message.size()) + ":" + message.substr(0, 20)));
  }
  const RequestHead head = fixture.handler.last_head();
  CHECK(head.is_grpc);
  CHECK(head.path == "/a.B/C");
  CHECK(head.header("x-tenant") == "one");
  CHECK(head.body_size == Bytes{3'000'000});
  CHECK(fixture.handler.destroyed == 3);
}

TEST_CASE("calls on one connection run side by side") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(client.start("/a", framed(std::string(20'000, 'x'))));
  for (const std::int32_t id : ids) CHECK(client.answer_to(id).code() == 0);
}

TEST_CASE("an empty answer is an empty message, not none") {
  Fixture fixture;
  CHECK(fixture.call("/empty", framed("x")).body == std::string(5, '\0'));
}

TEST_CASE("a compressed message is handed over as it is, and said to be compressed") {
  Fixture fixture;
  CHECK(fixture.call("/a", framed("abc", 1), {{"grpc-encoding", "zstd"}}).body == framed("3c:abc"));
  CHECK(fixture.handler.last_head().encoding == Encoding::zstd);
  CHECK(fixture.call("/a", framed("abc", 0), {{"grpc-encoding", "zstd"}}).body == framed("3:abc"));
  CHECK(fixture.call("/a", framed("abc", 1)).code() == 13);
  CHECK(fixture.call("/a", framed("abc", 2)).code() == 13);
  const Answer unknown = fixture.call("/a", framed("abc", 1), {{"grpc-encoding", "br"}});
  CHECK(unknown.code() == 12);
  CHECK(unknown.headers.at("grpc-accept-encoding").find("zstd") != std::string::npos);
}

TEST_CASE("a refused call ends before its message is sent, with the time to come back") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  const Answer answer =
      client.answer_to(client.start("/full", framed(std::string(4'000'000, 'x')).substr(0, 20), false));
  CHECK(answer.code() == 8);
  CHECK(answer.headers.at("grpc-message") == "queue is full");
  const Error expected(ErrorKind::refused, "queue is full", std::chrono::milliseconds(1500));
  CHECK(answer.headers.at("grpc-status-details-bin") == base64_unpadded(encode_status(expected)));
  CHECK(answer.is_closed);
  CHECK(answer.error == NGHTTP2_NO_ERROR);
  CHECK(fixture.handler.finished == 0);
  CHECK(client.answer_to(client.start("/a", framed("next"))).code() == 0);
}

TEST_CASE("a message above the limit is refused without asking the handler") {
  ServerOptions options;
  options.body_bytes_max = Bytes{1000};
  Fixture fixture(options);
  CHECK(fixture.call("/a", framed(std::string(1001, 'x'))).code() == 8);
  CHECK(fixture.call("/a", std::string("\0\xff\xff\xff\xff", 5)).code() == 8);
  CHECK(fixture.handler.opened == 0);
  CHECK(fixture.call("/a", framed(std::string(1000, 'x'))).code() == 0);
}

TEST_CASE("errors become gRPC statuses") {
  Fixture fixture;
  CHECK(fixture.call("/down", framed("x")).code() == 14);
  CHECK(fixture.call("/denied", framed("x")).code() == 7);
  CHECK(fixture.call("/invalid", framed("x")).code() == 3);
  const Answer special = fixture.call("/nothing", framed("x"));
  CHECK(special.code() == 12);
  CHECK(special.headers.at("grpc-message") == "100%25 nothing here");
}

TEST_CASE("a call that is not one whole message is an error") {
  Fixture fixture;
  CHECK(fixture.call("/a", "").code() == 13);
  CHECK(fixture.call("/a", std::string("\0\0", 2)).code() == 13);
  CHECK(fixture.call("/a", framed("hello").substr(0, 8)).code() == 13);
  CHECK(fixture.call("/a", framed("one") + framed("two")).code() == 13);
  CHECK(fixture.handler.finished == 0);
  CHECK(fixture.handler.destroyed == fixture.handler.opened);
}

TEST_CASE("clients that do not speak gRPC get an HTTP status") {
  Fixture fixture;
  CHECK(fixture.call("/a", "x", {{"content-type", "text/html"}}).headers.at(":status") == "415");
  RawClient plain(fixture.server->port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.rest();
  CHECK(plain.is_closed_by_server());
}

TEST_CASE("headers larger than the limit refuse the call, not the connection") {
  ServerOptions options;
  options.header_bytes_max = Bytes{2000};
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  CHECK(client.answer_to(client.start("/a", framed("x"), true, {{"x", std::string(3000, 'x')}})).code() == 8);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
}

TEST_CASE("a cancelled call frees its exchange") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  const std::int32_t id = client.start("/a", framed("hello").substr(0, 7), false);
  client.cancel(id);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
  CHECK(fixture.handler.opened == 2);
  CHECK(fixture.handler.destroyed == 2);
}

TEST_CASE("a slow message times out and the connection lives on") {
  ServerOptions options;
  options.read_timeout = std::chrono::milliseconds(60);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  CHECK(client.answer_to(client.start("/a", framed("hello").substr(0, 7), false)).code() == 4);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
  CHECK(fixture.handler.destroyed == 2);
  RawClient silent(fixture.server->port());
  silent.rest();
  CHECK(silent.is_closed_by_server());
}

TEST_CASE("an idle or old connection is told to go away") {
  ServerOptions idle, old;
  idle.idle_timeout = std::chrono::milliseconds(50);
  old.keepalive_max_connection_age = std::chrono::milliseconds(50);
  for (const ServerOptions& options : {idle, old}) {
    Fixture fixture(options);
    H2Client client(fixture.server->port());
    CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
    while (client.receive()) {}
    REQUIRE(client.goaways.size() == 1);
    CHECK(client.goaways[0] == NGHTTP2_NO_ERROR);
  }
}

TEST_CASE("a call in flight when the connection grows old is finished") {
  ServerOptions options;
  options.keepalive_max_connection_age = std::chrono::milliseconds(30);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  const std::int32_t id = client.start("/a", framed("hello").substr(0, 7), false);
  while (client.goaways.size() < 2 && client.receive()) {}
  CHECK(client.goaways.size() == 2);  // The notice, then the one that names the last call.
  CHECK_FALSE(client.answers[id].is_closed);
  client.cancel(id);
  CHECK_FALSE(client.receive());
}

TEST_CASE("a client that does not answer pings is dropped, one that does is kept") {
  ServerOptions options;
  options.keepalive_time = std::chrono::milliseconds(30);
  options.keepalive_timeout = std::chrono::milliseconds(30);
  Fixture fixture(options);
  H2Client answering(fixture.server->port());
  answering.answer_to(answering.start("/a", framed("x")));
  while (answering.pings < 4) REQUIRE(answering.receive());
  RawClient silent(fixture.server->port());
  silent.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\x04\0\0\0\0\0", 9));
  silent.rest();
  CHECK(silent.is_closed_by_server());
}

TEST_CASE("clients that ping too often are sent away when the policy says so") {
  ServerOptions options;
  options.keepalive_min_time = std::chrono::minutes(5);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  for (int i = 0; i < 4; ++i) client.ping();
  while (client.receive()) {}
  REQUIRE(client.goaways.size() == 1);
  CHECK(client.goaways[0] == NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_CASE("stopping a gRPC server ends idle connections at once and stays within the deadline") {
  Fixture fixture;
  H2Client idle(fixture.server->port()), busy(fixture.server->port());
  idle.answer_to(idle.start("/a", framed("x")));
  const std::int32_t id = busy.start("/a", framed("hello").substr(0, 7), false);
  busy.ping();
  while (busy.pings < 1) REQUIRE(busy.receive());
  fixture.server->stop(Deadline::after(fixture.clock, std::chrono::milliseconds(50)));
  while (idle.receive()) {}
  CHECK(idle.goaways.size() == 1);
  CHECK_FALSE(busy.answer_to(id).is_closed);
  CHECK(fixture.handler.destroyed == 2);
}

}  // namespace
}  // namespace rankwire::net
