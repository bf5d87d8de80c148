// Any bytes as the requests of one HTTP/1.1 connection.
#include <cstdlib>

#include "net/server_fuzz_transport.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace rankwire::net;
  static const ServerOptions options = fuzz_options();
  static FuzzHandler handler;
  static SessionContext context{options, &handler};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto session = make_http_session(context, std::make_unique<FuzzTransport>(input), "peer", rankwire::Instant{});
  run_session(*session);
  return 0;
}
