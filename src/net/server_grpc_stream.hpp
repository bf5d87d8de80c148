// One call on a connection of the gRPC server. Private to server_grpc.cpp.
#pragma once

#include <memory>
#include <string>

#include "net/server_session.hpp"

namespace rankwire::net {

inline constexpr std::size_t grpc_prefix_size = 5;  // Flag and length before each message.

struct GrpcStream {
  HeadBuilder builder;
  std::int32_t id = 0;
  std::size_t header_bytes = 0;
  unsigned char prefix[grpc_prefix_size] = {};
  std::size_t prefix_filled = 0;
  std::size_t expected = 0;  // Size of the message.
  bool is_compressed = false;
  bool is_answered = false;
  bool is_ended = false;  // The client sends no more.
  Buffer body;
  std::unique_ptr<Exchange> exchange;
  Instant deadline{};
  std::string response;  // With its prefix.
  std::size_t response_sent = 0;
};

}  // namespace rankwire::net
