// The server's bytes during two gRPC calls on one connection, in pieces decided by the input.
#include "net/grpc_connection.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;

// A peer that takes everything and says what the fuzzer wants.
class Scripted final : public Stream {
 public:
  explicit Scripted(std::string_view script) : rest_(script) {}
  Result<std::size_t> read(char* into, std::size_t size, Deadline, std::stop_token) override {
    if (rest_.empty()) return std::size_t{0};
    const std::size_t step = 1 + static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    const std::size_t got = std::min({step, size, rest_.size()});
    std::memcpy(into, rest_.data(), got);
    rest_.remove_prefix(got);
    return got;
  }
  Result<void> write(std::span<const std::string_view>, Deadline, std::stop_token) override { return {}; }
  bool is_stale() override { return false; }

 private:
  std::string_view rest_;
};

class StoppedClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::seconds(1)); }
  std::uint64_t unix_nanos() const override { return 0; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  StoppedClock clock;
  const GrpcClientOptions options;
  GrpcConnection connection(std::make_unique<Scripted>(std::string_view(reinterpret_cast<const char*>(data), size)),
                            options, clock);
  const std::string path = "/s/m";
  const std::string message(100'000, 'x');
  const std::string_view pieces[] = {std::string_view("\0\0\1\x86\xa0", 5), message};
  for (int i = 0; i < 2; ++i) {
    (void)connection.call({path, pieces, Encoding::identity}, Deadline::never(), {});
    if (!connection.is_reusable()) break;
  }
  return 0;
}
