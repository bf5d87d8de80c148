// A session that only reads: bytes go to their reader as they come.
#include "net/server_session.hpp"

namespace rankwire::net {
namespace {

class ByteSession final : public Session {
 public:
  ByteSession(SessionContext& context, std::unique_ptr<Transport> transport, std::unique_ptr<ByteReader> reader,
              Instant now)
      : Session(context, std::move(transport)),
        reader_(std::move(reader)),
        deadline_(after(now, context.options.idle_timeout)) {}

  void on_readable(Instant now) override {
    deadline_ = after(now, context_.options.idle_timeout);
    for (int reads = 0; reads < reads_in_a_row_max || transport_->has_buffered(); ++reads) {
      const IoResult result = transport_->read(context_.scratch.get(), SessionContext::scratch_size);
      if (result.count != 0 && !reader_->received({context_.scratch.get(), result.count})) return close();
      if (result.state == IoState::closed) {
        reader_->ended();
        return close();
      }
      if (result.state == IoState::blocked) return;
    }
  }
  void on_writable(Instant) override {}
  void on_timer(Instant) override { close(); }
  // What has come is read once more: whoever wrote it may be gone.
  void drain(Instant now) override {
    on_readable(now);
    close();
  }
  bool wants_read() const override { return true; }
  Instant deadline() const override { return deadline_; }

 private:
  const std::unique_ptr<ByteReader> reader_;
  Instant deadline_;
};

}  // namespace

std::unique_ptr<Session> make_byte_session(SessionContext& context, std::unique_ptr<Transport> transport,
                                           const std::string& peer, std::int64_t process, Instant now) {
  return std::make_unique<ByteSession>(context, std::move(transport), context.streams->open(peer, process), now);
}

}  // namespace rankwire::net
