#include "net/server_session.hpp"
namespace rankwire::net {
std::unique_ptr<Session> make_grpc_session(SessionContext&, std::unique_ptr<Transport>, std::string, Instant) {
  return nullptr;
}
}  // namespace rankwire::net
