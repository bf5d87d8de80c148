// Cross-origin requests from browsers. Private to this room.
#pragma once

#include "net/server.hpp"

namespace rankwire::net {

bool is_preflight(const RequestHead& head);
// Appends header lines for an ordinary answer, or for a preflight's.
void append_cors_headers(const CorsOptions& cors, const RequestHead& head, bool is_for_preflight, Buffer& to);

}  // namespace rankwire::net
