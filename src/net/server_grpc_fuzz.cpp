// Any bytes as the HTTP/2 frames of one gRPC connection; the client's preface is put in front, so that
// the fuzzer need not find it.
#include <cstdlib>

#include "net/server_fuzz_transport.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace rankwire::net;
  static const ServerOptions options = fuzz_options();
  static FuzzHandler handler;
  static SessionContext context{options, &handler};
  std::string input("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);
  input.append(reinterpret_cast<const char*>(data), size);
  const auto session = make_grpc_session(context, std::make_unique<FuzzTransport>(input), "peer", rankwire::Instant{});
  run_session(*session);
  return 0;
}
