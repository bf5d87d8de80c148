// Blocking unary gRPC calls over HTTP/2 (nghttp2). Thread-safe; calls share or open connections.
#pragma once

#include "net/compression.hpp"
#include "net/http_client.hpp"

namespace rankwire::net {

struct GrpcClientOptions {
  Endpoint endpoint;
  std::shared_ptr<TlsClientContext> tls;  // Null: plaintext with prior knowledge.
  std::string server_name;                // Of the certificate; empty: endpoint.host.
  std::string authority;                  // Empty: endpoint.text().
  std::string user_agent = "rankwire";
  Headers metadata;            // Sent with each call.
  Duration keepalive_time{0};  // 0: no pings.
  Duration keepalive_timeout = std::chrono::seconds(20);
};

struct GrpcResponse {
  int status = 0;  // google.rpc.Code
  std::string message;
  std::string body;                                      // The first message, decompressed; may be empty.
  std::optional<std::chrono::milliseconds> retry_delay;  // From google.rpc.RetryInfo in grpc-status-details-bin.
};

class GrpcClient {
 public:
  GrpcClient(GrpcClientOptions options, Network& network, Clock& clock);
  ~GrpcClient();
  // `path` is "/package.Service/Method"; `metadata`, with names in lower case, goes in place of the options'. Transport
  // failures are errors; a status is an answer.
  Result<GrpcResponse> call(const std::string& path, std::span<const std::string_view> message, Encoding encoding,
                            int level, Deadline deadline, std::stop_token stop, const Headers* metadata = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankwire::net
