// The gRPC client against peers that break off in bad places, and the small encodings it reads.
#include "net/grpc_client.hpp"

#include <doctest/doctest.h>

#include "net/rpc_status.hpp"
#include "net/text_encodings.hpp"
#include "testing/raw_server.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;
using namespace std::chrono_literals;
using testing::RawConnection;
using testing::RawServer;

struct GrpcFixture {
  SystemClock clock;
  std::unique_ptr<Network> network = make_system_network(clock);
  GrpcClientOptions client_options;
  std::unique_ptr<GrpcClient> client;

  void connect_to(std::uint16_t port) {
    client_options.endpoint = {"127.0.0.1", port};
    client = std::make_unique<GrpcClient>(client_options, *network, clock);
  }
  Result<GrpcResponse> call(const std::string& path, std::vector<std::string_view> pieces, Duration wait = 10s,
                            std::stop_token stop = {}) {
    return client->call(path, pieces, Encoding::identity, 0, Deadline::after(clock, wait), stop);
  }
};

TEST_CASE_FIXTURE(GrpcFixture, "servers of other protocols and servers that hang up are unavailable") {
  for (const std::string_view answer : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-x\r\n", ""}) {
    CAPTURE(answer);
    RawServer other([&](RawConnection& c) {
      c.read(24);
      c.send(answer);
    });
    connect_to(other.port());
    const auto response = call("/s/Echo", {"x"});
    REQUIRE(!response);
    CHECK(response.error().kind() == ErrorKind::unavailable);
  }
}

// Frames by hand: 24-bit length, type, flags, stream.
std::string frame(int type, int flags, int stream, std::string_view payload) {
  std::string bytes = {static_cast<char>(payload.size() >> 16),
                       static_cast<char>(payload.size() >> 8),
                       static_cast<char>(payload.size()),
                       static_cast<char>(type),
                       static_cast<char>(flags),
                       0,
                       0,
                       0,
                       static_cast<char>(stream)};
  return bytes.append(payload);
}

// ":status: 200" from the static table, then literals without indexing.
std::string headers(std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
  std::string block = "\x88";
  for (const auto& [name, value] : more) {
    block += '\0';
    block += static_cast<char>(name.size());
    block.append(name);
    block += static_cast<char>(value.size());
    block.append(value);
  }
  return block;
}

constexpr int frame_headers = 1, frame_reset = 3, frame_settings = 4, frame_goaway = 7;
constexpr int end_stream_and_headers = 5;

TEST_CASE_FIXTURE(GrpcFixture, "a status in the first headers is an answer; escapes in its message are read") {
  RawServer peer([](RawConnection& c) {
    c.read(24);
    c.send(frame(frame_settings, 0, 0, ""));
    c.send(frame(frame_headers, end_stream_and_headers, 1,
                 headers({{"grpc-status", "3"}, {"grpc-message", "bad %E2%9C%93 100%"}})));
    c.drain();
  });
  connect_to(peer.port());
  const auto response = call("/s/Echo", {"x"});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->status == 3);
  CHECK(response->message == "bad \u2713 100%");
}

TEST_CASE_FIXTURE(GrpcFixture, "an answer without a status is unavailable") {
  RawServer peer([](RawConnection& c) {
    c.read(24);
    c.send(frame(frame_settings, 0, 0, "") + frame(frame_headers, end_stream_and_headers, 1, headers({})));
    c.drain();
  });
  connect_to(peer.port());
  CHECK(call("/s/Echo", {"x"}).error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(GrpcFixture, "a reset and a goodbye before the answer are unavailable") {
  for (const std::string& last : {frame(frame_reset, 0, 1, std::string("\0\0\0\x02", 4)),
                                  frame(frame_goaway, 0, 0, std::string("\0\0\0\0\0\0\0\0", 8))}) {
    RawServer peer([&](RawConnection& c) {
      c.read(24);
      c.send(frame(frame_settings, 0, 0, "") + last);
      c.drain();
    });
    connect_to(peer.port());
    const auto response = call("/s/Echo", {"x"});
    REQUIRE(!response);
    CHECK(response.error().kind() == ErrorKind::unavailable);
    CHECK(peer.connection_count() == 1);
  }
}

TEST_CASE_FIXTURE(GrpcFixture, "a silent server ends at the deadline, at the token, and at an unanswered ping") {
  RawServer peer([](RawConnection& c) { c.drain(); });
  connect_to(peer.port());
  const auto late = call("/s/Echo", {"x"}, 20ms);
  REQUIRE(!late);
  CHECK(late.error().message().find("timed out") != std::string::npos);

  std::stop_source source;
  source.request_stop();
  const auto stopped = call("/s/Echo", {"x"}, 1h, source.get_token());
  REQUIRE(!stopped);
  CHECK(stopped.error().kind() == ErrorKind::cancelled);

  client_options.keepalive_time = client_options.keepalive_timeout = 10ms;
  connect_to(peer.port());
  const auto probed = call("/s/Echo", {"x"}, 1h);
  REQUIRE(!probed);
  CHECK(probed.error().message().find("keepalive") != std::string::npos);
}

TEST_CASE("base64 is read with and without padding and refused when it is not base64") {
  CHECK(base64_decode("aGVsbG8=") == "hello");
  CHECK(base64_decode("aGVsbG8") == "hello");
  CHECK(base64_decode("") == "");
  CHECK(!base64_decode("a"));
  CHECK(!base64_decode("a!b="));
  CHECK(base64_encode("hello") == "aGVsbG8=");
  CHECK(base64_encode("") == "");
}

TEST_CASE("a time-out is written with at most eight digits") {
  CHECK(grpc_timeout(1500ms) == "1500m");
  CHECK(grpc_timeout(1ns) == "1m");
  CHECK(grpc_timeout(-1s) == "1m");
  CHECK(grpc_timeout(24h * 10) == "864000S");
}

TEST_CASE("details that are cut short, too long or of another type are not a delay") {
  CHECK(!parse_rpc_status("\x1a\x05zz"));
  CHECK(parse_rpc_status("")->code == 0);
  CHECK(parse_rpc_status("\x08\x08\x12\x04"
                         "full")
            ->message == "full");
  const std::string type = "type.googleapis.com/google.rpc.RetryInfo";
  const std::string delay = "\x0a\x02\x08\x05";  // retry_delay { seconds: 5 }
  const std::string any = "\x0a" + std::string(1, static_cast<char>(type.size())) + type + "\x12\x04" + delay;
  const std::string status = "\x1a" + std::string(1, static_cast<char>(any.size())) + any;
  CHECK(parse_rpc_status(status)->retry_delay == 5s);
}

TEST_CASE("quoted text is one printable line of bounded length") {
  CHECK(printable("a\r\n\tb\x1b[1m", 100) == "a b [1m");
  CHECK(printable("aaaa", 2) == "aa…");
}

}  // namespace
