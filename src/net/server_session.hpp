// One connection of a server: bytes in, requests to the handler, answers out. Private to this room.
// The loop calls it when its transport may be ready or its deadline has passed, and closes the
// connection when `is_closed`.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/server.hpp"
#include "net/server_transport.hpp"

namespace rankwire::net {

// What the sessions of a server share. Outlives them.
struct SessionContext {
  static constexpr std::size_t scratch_size = 64 << 10;

  const ServerOptions& options;
  ServerHandler* handler = nullptr;                                          // Of HTTP and gRPC.
  ByteStreamHandler* streams = nullptr;                                      // Of everything else.
  std::unique_ptr<char[]> scratch = std::make_unique<char[]>(scratch_size);  // Received bytes, one session at a time.

  Buffer take_buffer(std::size_t capacity) const {
    return options.buffers ? options.buffers->take(capacity) : Buffer(capacity);
  }
};

class Session {
 public:
  Session(SessionContext& context, std::unique_ptr<Transport> transport)
      : context_(context), transport_(std::move(transport)) {}
  virtual ~Session() = default;

  virtual void on_readable(Instant now) = 0;
  virtual void on_writable(Instant now) = 0;
  // The deadline has passed.
  virtual void on_timer(Instant now) = 0;
  // Finish what is in flight, take nothing new, then close.
  virtual void drain(Instant now) = 0;
  virtual bool wants_read() const = 0;
  // When `on_timer` wants to be called next, as far as is known; may be early.
  virtual Instant deadline() const = 0;

  bool wants_write() const { return pending_output() != 0 || transport_->needs_write(); }
  bool is_closed() const { return is_closed_; }

 protected:
  // Larger answers in waiting stop the reading of further requests.
  static constexpr std::size_t output_high_water = 256 << 10;
  // Reads of one connection in a row, before the others have their turn.
  static constexpr int reads_in_a_row_max = 16;

  std::size_t pending_output() const { return out_.size() - sent_; }
  void close() { is_closed_ = true; }
  // Sends what waits. After it, either nothing waits or the socket is full (or the session closed).
  void flush() {
    while (pending_output() != 0 && !is_closed_) {
      const IoResult result = transport_->write(out_.view().substr(sent_));
      sent_ += result.count;
      if (result.state == IoState::closed) return close();
      if (result.state == IoState::blocked) break;
    }
    if (pending_output() != 0) return;
    sent_ = 0;
    out_.clear();
    if (out_.capacity() > output_kept_max) out_ = Buffer();
  }
  static Instant after(Instant now, Duration wait) { return wait > Duration::zero() ? now + wait : Instant::max(); }

  SessionContext& context_;
  const std::unique_ptr<Transport> transport_;
  Buffer out_;

 private:
  static constexpr std::size_t output_kept_max = 16 << 10;

  std::size_t sent_ = 0;  // Of out_.
  bool is_closed_ = false;
};

std::unique_ptr<Session> make_http_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           std::string peer, Instant now);
std::unique_ptr<Session> make_grpc_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           std::string peer, Instant now);
std::unique_ptr<Session> make_byte_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           const std::string& peer, std::int64_t process, Instant now);

// The header fields of a request, in strings that are used again for the next one.
class HeadBuilder {
 public:
  RequestHead head;

  void clear();
  void begin_header();
  std::string& name() { return head.headers.back().first; }
  std::string& value() { return head.headers.back().second; }
  // Appends in lower case.
  static void append_lower(std::string& to, const char* from, std::size_t size);
  // Splits the query from head.path and drops "http://host" before it.
  void split_target();

 private:
  static constexpr std::size_t kept_max = 32;
  Headers spare_;
};

}  // namespace rankwire::net
