// Requests of either protocol to batches: routing, admission, decompression, checks and answers.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "component/component.hpp"
#include "net/server.hpp"

namespace rankwire::otlp_receiver {

struct HandlerOptions {
  const char* transport = "";      // A literal.
  bool includes_metadata = false;  // Headers travel with the batch.
  // By signal: URL paths, or gRPC method paths.
  std::array<std::string, 3> paths;
  Bytes decompressed_max;
  std::vector<std::string> encodings;  // HTTP: accepted; empty: all.
};

// Any loop's thread; its exchanges belong to one.
class OtlpHandler final : public net::ServerHandler {
 public:
  OtlpHandler(HandlerOptions options, Intakes intakes, std::shared_ptr<BufferPool> buffers)
      : options_(std::move(options)), intakes_(intakes), buffers_(std::move(buffers)) {}

  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override;
  std::optional<net::ServerResponse> special_answer(const net::RequestHead& head) override;

 private:
  std::optional<Signal> signal_of(std::string_view path) const;
  bool is_accepted(net::Encoding encoding) const;
  ClientRef client_of(const net::RequestHead& head) const;

  const HandlerOptions options_;
  const Intakes intakes_;
  const std::shared_ptr<BufferPool> buffers_;
};

}  // namespace rankwire::otlp_receiver
