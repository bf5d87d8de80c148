// The OTLP requests that otlp_load sends, encoded by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otlp_load {

struct Request {
  std::string path;
  std::string body;
  // Where 16 bytes of a trace id lie in the body: for all spans of one trace, then those of the next.
  std::vector<std::vector<std::size_t>> traces;
};

// `kind`: "logs" (300 bytes, one in 33 is an error), "json" (the same fields as a JSON body) or "spans" (four to a
// trace, of ten services and a thousand names). Empty path: there is no such kind.
Request request_of(std::string_view kind, int records);

// Gives each trace of the request an id that no other request has: `number` differs with each.
void renew_traces(const Request& request, std::uint64_t number, char* body);

}  // namespace otlp_load
