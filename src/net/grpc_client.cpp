// A pool of connections, newest used first.
#include "net/grpc_client.hpp"

#include <mutex>

#include "net/grpc_connection.hpp"

namespace rankwire::net {

namespace {

using ConnectionPointer = std::unique_ptr<GrpcConnection>;

// One byte that says whether the message is compressed, four that say how long it is.
struct Prefix {
  char bytes[5];

  Prefix(bool is_compressed, std::size_t size) {
    bytes[0] = is_compressed ? 1 : 0;
    for (int i = 1; i < 5; ++i) bytes[i] = static_cast<char>(size >> (8 * (4 - i)) & 0xff);
  }
};

std::size_t size_of(std::span<const std::string_view> pieces) {
  std::size_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  return size;
}

}  // namespace

struct GrpcClient::State {
  const GrpcClientOptions options;
  Network& network;
  Clock& clock;
  std::mutex mutex;
  std::vector<ConnectionPointer> idle;  // Guarded by mutex.

  static constexpr std::size_t idle_max = 32;

  ConnectionPointer take_idle() {
    for (;;) {
      ConnectionPointer taken;
      {
        const std::lock_guard lock(mutex);
        if (idle.empty()) return nullptr;
        taken = std::move(idle.back());
        idle.pop_back();
      }
      if (taken->refresh()) return taken;
    }
  }

  void give_back(ConnectionPointer connection) {
    if (!connection->is_reusable()) return;
    const std::lock_guard lock(mutex);
    if (idle.size() < idle_max) idle.push_back(std::move(connection));
  }

  Result<ConnectionPointer> open(Deadline deadline, const std::stop_token& stop) {
    const std::string& name = options.server_name.empty() ? options.endpoint.host : options.server_name;
    auto stream = network.connect(options.endpoint, options.tls.get(), name, deadline, stop);
    if (!stream) return std::move(stream).error().during("connecting");
    return std::make_unique<GrpcConnection>(std::move(*stream), options, clock);
  }

  Result<GrpcResponse> call(const GrpcRequest& request, Deadline deadline, const std::stop_token& stop) {
    for (ConnectionPointer connection = take_idle();; connection.reset()) {
      const bool is_fresh = connection == nullptr;
      if (is_fresh) {
        auto opened = open(deadline, stop);
        if (!opened) return std::move(opened).error();
        connection = std::move(*opened);
      }
      auto response = connection->call(request, deadline, stop);
      // The server gave up the idle connection just as we used it: nothing is wrong yet.
      const bool was_stale =
          !response && !is_fresh && connection->is_untouched() && !stop.stop_requested() && !deadline.has_passed(clock);
      if (was_stale) continue;
      give_back(std::move(connection));
      return response;
    }
  }
};

GrpcClient::GrpcClient(GrpcClientOptions options, Network& network, Clock& clock)
    : state_(new State{std::move(options), network, clock, {}, {}}) {}

GrpcClient::~GrpcClient() = default;

Result<GrpcResponse> GrpcClient::call(const std::string& path, std::span<const std::string_view> message,
                                      Encoding encoding, int level, Deadline deadline, std::stop_token stop,
                                      const Headers* metadata) {
  std::vector<std::string_view> pieces(1);
  Buffer compressed;
  if (encoding == Encoding::identity) {
    pieces.insert(pieces.end(), message.begin(), message.end());
  } else {
    auto done = compress(encoding, message, level);
    if (!done) return std::move(done).error().during("compressing");
    compressed = std::move(*done);
    pieces.push_back(compressed.view());
  }
  const std::size_t size = size_of(pieces);
  if (size > 0xffff'ffff) return Error(ErrorKind::invalid, "the message is larger than gRPC allows");
  const Prefix prefix(encoding != Encoding::identity, size);
  pieces[0] = {prefix.bytes, sizeof prefix.bytes};
  return state_->call({path, pieces, encoding, metadata}, deadline, stop);
}

}  // namespace rankwire::net
