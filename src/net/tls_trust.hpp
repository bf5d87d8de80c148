// Which certificate authorities a context trusts. Private to this room.
#pragma once

#include <string>

#include "net/tls.hpp"

struct ssl_ctx_st;

namespace rankwire::net {

// ca_file and ca_pem, as upstream: given either, the system's authorities only when asked for.
Result<void> set_trust(ssl_ctx_st* context, const TlsOptions& options);
Result<void> trust_file(ssl_ctx_st* context, const std::string& path);

}  // namespace rankwire::net
