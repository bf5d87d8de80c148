// What net/ itself sees of the TLS contexts: an SSL object for one connection. Private to this room;
// OpenSSL's own headers are needed only where an SSL is driven.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/tls.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace rankwire::net {

struct SslDeleter {
  void operator()(ssl_st* ssl) const;
  void operator()(ssl_ctx_st* context) const;
};
using SslPointer = std::unique_ptr<ssl_st, SslDeleter>;
using SslContextPointer = std::unique_ptr<ssl_ctx_st, SslDeleter>;

// Keeps an SSL_CTX fresh: rebuilt after the interval or, if asked, when a watched file changed.
// SSL objects made from an older one keep it alive themselves.
class TlsReloader {
 public:
  TlsReloader(Duration interval, std::string watched_file, Clock& clock, Logger* log);

  // The first build decides whether the context exists at all.
  template <class Build>
  Result<void> first(Build&& build) {
    return replace(build());
  }
  // `made` is called with the current SSL_CTX, under the lock.
  template <class Build, class Make>
  SslPointer make(Build&& build, Make&& made) {
    const std::lock_guard lock(mutex_);
    if (is_due()) keep_or_replace(build());
    return made(current_.get());
  }

 private:
  bool is_due();
  Result<void> replace(Result<SslContextPointer> built);
  void keep_or_replace(Result<SslContextPointer> built);
  std::string fingerprint() const;  // Of the watched file: changes when it does.

  const Duration interval_;
  const std::string watched_file_;
  Clock& clock_;
  Logger* const log_;
  std::mutex mutex_;
  SslContextPointer current_;  // Guarded by mutex_, as are the following.
  Instant next_read_{};        // By interval.
  Instant next_look_{};        // At the watched file.
  std::string last_fingerprint_;
};

class TlsClientContext {
 public:
  TlsClientContext(TlsClientOptions options, Clock& clock, Logger* log);
  Result<void> load() {
    return reloader_.first([this] { return build(); });
  }

  // A client connection that sends `server_name` (or the override) as SNI and accepts only a
  // certificate for it. Null: out of memory. The caller attaches the socket and shakes hands.
  SslPointer make_connection(const std::string& server_name);

 private:
  Result<SslContextPointer> build() const;

  const TlsClientOptions options_;
  TlsReloader reloader_;
};

class TlsServerContext {
 public:
  TlsServerContext(TlsServerOptions options, Clock& clock, Logger* log);
  Result<void> load() {
    return reloader_.first([this] { return build(); });
  }

  // A server connection that chooses `protocol` ("h2", "http/1.1") when the client offers ALPN and
  // refuses one that offers only others. `protocol` must be a literal: it is kept by address.
  SslPointer make_connection(const char* protocol);

 private:
  Result<SslContextPointer> build() const;

  const TlsServerOptions options_;
  TlsReloader reloader_;
};

// The oldest error in OpenSSL's queue of this thread, as text; empties the queue.
std::string take_tls_error();

}  // namespace rankwire::net
