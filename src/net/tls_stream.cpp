// OpenSSL over a non-blocking socket. OpenSSL's own socket BIO would write without MSG_NOSIGNAL, so
// the BIO is ours. Every failure is `unavailable`: a certificate can be put right while data waits.
#include "net/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/tls_context.hpp"

namespace rankwire::net {

namespace {

int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(descriptor_of(bio), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), 0);
  if (got < 0 && would_block()) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
  }
}

BIO* make_bio(int descriptor) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  return bio;
}

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<SocketStream> socket, SslPointer ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}
  ~TlsStream() override {
    // Says goodbye without waiting for the answer.
    if (is_open_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  Result<void> handshake(Deadline deadline, const std::stop_token& stop) {
    for (;;) {
      ERR_clear_error();
      const int outcome = SSL_connect(ssl_.get());
      if (outcome == 1) break;
      RANKWIRE_TRY(await(outcome, "TLS handshake", deadline, stop));
    }
    is_open_ = true;
    return {};
  }

  Result<std::size_t> read(char* into, std::size_t size, Deadline deadline, std::stop_token stop) override {
    for (;;) {
      ERR_clear_error();
      std::size_t got = 0;
      const int outcome = SSL_read_ex(ssl_.get(), into, size, &got);
      if (outcome == 1) return got;
      if (has_ended(outcome)) return std::size_t{0};
      RANKWIRE_TRY(await(outcome, "reading", deadline, stop));
    }
  }

  Result<void> write(std::span<const std::string_view> pieces, Deadline deadline, std::stop_token stop) override {
    RANKWIRE_TRY(send(PieceCursor(pieces, 0), false, deadline, stop));
    return {};
  }

  Result<std::size_t> write_unless_answered(std::span<const std::string_view> pieces, std::size_t from,
                                            Deadline deadline, std::stop_token stop) override {
    return send(PieceCursor(pieces, from), true, deadline, stop);
  }

  bool is_stale() override {
    if (!socket_->is_stale()) return SSL_pending(ssl_.get()) != 0;
    // Something came: a session ticket is no answer, data or an end is.
    return look_ahead() != Ahead::nothing;
  }

 private:
  static constexpr std::size_t record_bytes = 16 * 1024;

  bool has_ended(int outcome) {
    const int code = SSL_get_error(ssl_.get(), outcome);
    if (code == SSL_ERROR_ZERO_RETURN) return true;
    // Peers that close the socket without a TLS goodbye; framing above tells a torn answer.
    const bool is_torn =
        code == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (is_torn) is_open_ = false;
    return is_torn;
  }

  // Waits for what OpenSSL needs, or says what went wrong.
  Result<void> await(int outcome, std::string_view doing, Deadline deadline, const std::stop_token& stop,
                     short also = 0) {
    const int saved = errno;
    const int code = SSL_get_error(ssl_.get(), outcome);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
      const short events = code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
      auto ready = socket_->wait(static_cast<short>(events | also), deadline, stop);
      if (!ready) return std::move(ready).error().during(doing);
      return {};
    }
    is_open_ = false;  // No goodbye after a fatal error.
    if (code == SSL_ERROR_SYSCALL && saved != 0) return system_error(doing, saved);
    if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK)
      return Error(ErrorKind::unavailable, X509_verify_cert_error_string(verified)).during(doing);
    std::string what = take_tls_error();
    if (what.empty()) what = "the connection ended";
    return Error(ErrorKind::unavailable, std::move(what)).during(doing);
  }

  enum class Ahead : std::uint8_t { nothing, data, end };

  // Whether application data can be read now; consumes what is not (tickets, key updates).
  Ahead look_ahead() {
    ERR_clear_error();
    char byte;
    std::size_t got = 0;
    const int outcome = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    if (outcome == 1) return Ahead::data;
    const int code = SSL_get_error(ssl_.get(), outcome);
    ERR_clear_error();
    return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ? Ahead::nothing : Ahead::end;
  }

  // Small pieces are joined into full records: a record costs a header, a tag and a system call.
  std::string_view next_record(const PieceCursor& cursor) {
    if (cursor.front().size() >= record_bytes) return cursor.front().substr(0, record_bytes);
    record_.clear();
    PieceCursor ahead = cursor;
    while (!ahead.is_done() && record_.size() < record_bytes) {
      const auto piece = ahead.front().substr(0, record_bytes - record_.size());
      record_.append(piece);
      ahead.advance(piece.size());
    }
    return record_;
  }

  Result<std::size_t> send(PieceCursor cursor, bool yields, Deadline deadline, const std::stop_token& stop) {
    while (!cursor.is_done()) {
      const std::string_view record = next_record(cursor);
      for (;;) {
        ERR_clear_error();
        std::size_t sent = 0;
        const int outcome = SSL_write_ex(ssl_.get(), record.data(), record.size(), &sent);
        if (outcome == 1) {
          cursor.advance(sent);
          break;
        }
        RANKWIRE_TRY(await(outcome, "sending", deadline, stop, yields ? POLLIN : 0));
        if (!yields) continue;
        const Ahead ahead = look_ahead();
        if (ahead == Ahead::data) return cursor.position();
        if (ahead == Ahead::end) return Error(ErrorKind::unavailable, "the peer closed the connection while we sent");
      }
    }
    return cursor.position();
  }

  // OpenSSL refers to the socket, so it goes first.
  std::unique_ptr<SocketStream> socket_;
  SslPointer ssl_;
  std::string record_;
  bool is_open_ = false;
};

}  // namespace

Result<std::unique_ptr<Stream>> open_tls_stream(std::unique_ptr<SocketStream> socket, TlsClientContext& tls,
                                                const std::string& server_name, Deadline deadline,
                                                std::stop_token stop) {
  SslPointer ssl = tls.make_connection(server_name);
  BIO* bio = ssl ? make_bio(socket->descriptor()) : nullptr;
  if (bio == nullptr) return Error(ErrorKind::unavailable, "no memory for a TLS connection");
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_mode(ssl.get(),
               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(ssl));
  if (auto shaken = stream->handshake(deadline, stop); !shaken) return std::move(shaken).error().during(server_name);
  return stream;
}

}  // namespace rankwire::net
