// HTTP/1.1 and gRPC servers. One event loop (one thread) per server; handlers run on it.
// The handler is asked before the body is read, so that a refused request never enters memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/compression.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

namespace rankwire::net {

struct RequestHead {
  std::string method;
  std::string path;  // Without the query.
  std::string query;
  Headers headers;   // Names in lower case. For gRPC: metadata.
  std::string peer;  // "10.1.2.3:40112"
  bool is_grpc = false;
  Encoding encoding = Encoding::identity;
  std::optional<Bytes> body_size;  // As declared, still compressed; absent for chunked bodies.
  Headers identity;                // What the server's gate found out about the sender.
  std::string_view header(std::string_view lower_case_name) const;
};

struct ServerResponse {
  int status = 200;     // HTTP only.
  int grpc_status = 0;  // gRPC only; not 0: `body` is the message of the status.
  std::string content_type = "application/json";
  std::string body;  // For gRPC: the response message.
  Headers headers;
};

// One request from head to answer; made by ServerHandler::open, destroyed after the answer or when
// the client goes away. All calls on the loop's thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Before more of the body is kept in memory: total so far (compressed). An error refuses it.
  virtual Result<void> body_may_grow_to(Bytes) { return {}; }
  // The whole body, as sent (gRPC: one message, still compressed with head.encoding if its flag says so;
  // `is_compressed` tells). Errors become statuses: see `status_of`.
  virtual Result<ServerResponse> finish(Buffer body, bool is_compressed) = 0;
};

class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  // Called when the head is read (gRPC: when the message's length prefix is). Errors are answered at
  // once and the body is not read.
  // `head` is valid during the call only.
  virtual Result<std::unique_ptr<Exchange>> open(const RequestHead& head) = 0;
  // Asked before `open`, for requests that need another answer than errors map to (404, 405, 415,
  // UNIMPLEMENTED): what it returns is sent and the body is not read.
  virtual std::optional<ServerResponse> special_answer(const RequestHead&) { return {}; }
};

// What reads one connection of a protocol that is neither HTTP nor gRPC and has no answers. All calls on the loop's
// thread.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  // More bytes. False: the connection is to be closed.
  virtual bool received(std::string_view bytes) = 0;
  // The peer sends no more.
  virtual void ended() {}
};

class ByteStreamHandler {
 public:
  virtual ~ByteStreamHandler() = default;
  // `peer`: "10.1.2.3:40112", or "unix"; `process`: who connected over a Unix socket, 0 if not known.
  virtual std::unique_ptr<ByteReader> open(const std::string& peer, std::int64_t process) = 0;
};

enum class Protocol : std::uint8_t { http, grpc, bytes };

struct CorsOptions {
  std::vector<std::string> allowed_origins, allowed_headers, exposed_headers;
  int max_age_seconds = 0;
};

struct ServerOptions {
  Protocol protocol = Protocol::http;
  Endpoint listen;  // Port 0: the system chooses; see Server::port().
  AddressFamily family = AddressFamily::any;
  std::string unix_path;               // Instead of `listen`.
  std::uint32_t unix_permissions = 0;  // Of that path; 0: as the process makes files.
  std::shared_ptr<TlsServerContext> tls;
  Bytes body_bytes_max{20u << 20};  // HTTP: 413. gRPC: RESOURCE_EXHAUSTED.
  Bytes header_bytes_max{16u << 10};
  std::uint32_t connections_max = 4096;
  std::uint32_t concurrent_streams_max = 100;
  // Of these times 0 means without limit.
  Duration idle_timeout = std::chrono::minutes(2);  // Without a request.
  Duration read_timeout{std::chrono::seconds(60)};  // From first byte of a request to its last: slow senders end.
  Duration keepalive_max_connection_age{0};         // gRPC: GOAWAY after this.
  Duration keepalive_max_connection_age_grace{std::chrono::seconds(10)};
  Duration keepalive_time{std::chrono::hours(2)};
  Duration keepalive_timeout{std::chrono::seconds(20)};
  Duration keepalive_min_time{0};       // gRPC: clients that ping more often than this are sent away.
  bool is_keep_alive = true;            // HTTP: false closes after each answer.
  std::shared_ptr<BufferPool> buffers;  // Bodies come from here; null: each its own allocation.
  Logger* log = nullptr;
  std::optional<CorsOptions> cors;
  Headers response_headers;
  // Asked first of all, before the handler; preflights of browsers alone come before. What it returns is sent, and the
  // body is not read. On the server's thread.
  std::function<std::optional<ServerResponse>(RequestHead&)> gate;
  // Hears of each request that is answered with an error: its HTTP status or gRPC code. On the server's thread.
  std::function<void(int status)> answered_with_error;
};

class Server {
 public:
  // Binds and starts serving on a thread of its own. The handler outlives the server.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, ServerHandler& handler, Clock& clock);
  static Result<std::unique_ptr<Server>> start(ServerOptions options, ByteStreamHandler& handler, Clock& clock);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, lets requests in flight finish until the deadline, closes. Idempotent.
  virtual void stop(Deadline deadline) = 0;
};

// The one place that maps error kinds to protocols.
struct WireStatus {
  int http = 500;
  int grpc = 13;
};
WireStatus status_of(const Error& error);

}  // namespace rankwire::net
