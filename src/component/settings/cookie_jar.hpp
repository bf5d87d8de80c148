// The cookies a client keeps for its destinations (`cookies.enabled`): load balancers keep clients at
// one server with them. Of the attributes, Path, Max-Age, Expires and Secure count; a cookie goes back
// only to the host that set it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/http_client.hpp"

namespace rankwire {

// Any thread.
class CookieJar {
 public:
  // Beyond these the oldest goes, or the cookie is not kept.
  static constexpr std::size_t count_max = 100;
  static constexpr std::size_t bytes_max = 4096;

  explicit CookieJar(const Clock& clock) : clock_(clock) {}
  // Takes the Set-Cookie headers of an answer to a request for `target` at `host`.
  void store(std::string_view host, std::string_view target, const net::Headers& answer);
  // The value of the Cookie header; empty: none.
  std::string header_for(std::string_view host, std::string_view target, bool is_secure);

 private:
  struct Cookie {
    std::string host, path, name, value;
    bool needs_tls = false;
    std::int64_t expires_at = INT64_MAX;  // Unix seconds.
  };

  void put(Cookie cookie, std::int64_t now);

  const Clock& clock_;
  std::mutex mutex_;
  std::vector<Cookie> cookies_;  // Guarded by mutex_. The oldest first.
};

}  // namespace rankwire
