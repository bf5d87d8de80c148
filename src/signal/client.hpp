// Who sent a batch and what the request said about it. Travels beside the records and is never part
// of them: it is gone once a batch has been to disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rankwire {

struct Client {
  const char* transport = "";  // "grpc", "http"; a literal, also the label of the receiver's metrics.
  std::string address;         // "10.1.2.3"; empty unless the receiver was asked for metadata.
  // Headers as they came, names in lower case, in order; only with `include_metadata`.
  std::vector<std::pair<std::string, std::string>> metadata;
  // What the receiver's authenticator found out, without secrets: `auth.username`.
  std::vector<std::pair<std::string, std::string>> auth;
};

// Null: nobody in particular, as for files.
using ClientRef = std::shared_ptr<const Client>;

}  // namespace rankwire
