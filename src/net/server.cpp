// The event loop of a server: one thread, epoll, and a session for each connection. Deadlines are
// looked at when the earliest of them may have passed, so an idle server does not wake up.
#include "net/server.hpp"

#include <atomic>
#include <cerrno>
#include <unordered_map>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/require.hpp"
#include "base/worker.hpp"
#include "net/server_listener.hpp"
#include "net/server_session.hpp"

namespace rankwire::net {

namespace {

constexpr int events_max = 64;
constexpr int accepts_in_a_row_max = 64;
constexpr Duration accept_pause = std::chrono::milliseconds(100);  // When out of descriptors.
constexpr Duration wait_max = std::chrono::hours(1);

struct Connection {
  std::unique_ptr<Session> session;
  std::uint32_t watched = 0;  // Events asked of epoll.
};

class LoopServer final : public Server {
 public:
  // One of the two handlers.
  LoopServer(ServerOptions options, ServerHandler* handler, ByteStreamHandler* streams, Clock& clock, Listener listener)
      : options_(std::move(options)), clock_(clock), listener_(listener), context_{options_, handler, streams} {}
  ~LoopServer() override {
    stop({clock_.now()});
    if (poll_ >= 0) ::close(poll_);
    if (wake_ >= 0) ::close(wake_);
    if (spare_ >= 0) ::close(spare_);
    if (listener_.descriptor >= 0) ::close(listener_.descriptor);
  }

  Result<void> begin();
  std::uint16_t port() const override { return listener_.port; }
  void stop(Deadline deadline) override;

 private:
  void run();
  int wait_milliseconds() const;
  void accept_some();
  void add_connection(Accepted accepted);
  void handle(int descriptor, std::uint32_t events);
  void keep_watch(int descriptor, Connection& connection);
  void check_deadlines();
  void begin_drain();
  void watch_listener(bool is_wanted);
  void keep_spare();
  bool give_spare();

  const ServerOptions options_;
  Clock& clock_;
  Listener listener_;
  SessionContext context_;
  int poll_ = -1;
  int wake_ = -1;
  std::atomic<bool> must_stop_{false};
  std::atomic<Instant> stop_at_{Instant::max()};
  Worker worker_;
  // The following belong to the loop's thread.
  std::unordered_map<int, Connection> connections_;
  int spare_ = -1;                       // Held while there is no connection, so that one can always be accepted.
  Instant next_check_ = Instant::max();  // No deadline passes before.
  Instant accept_again_at_ = Instant::max();
  bool is_draining_ = false;
  Instant now_{};
};

Result<void> LoopServer::begin() {
  poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poll_ < 0 || wake_ < 0) return Error(ErrorKind::refused, "out of file descriptors");
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_}};
  ::epoll_ctl(poll_, EPOLL_CTL_ADD, wake_, &event);
  watch_listener(true);
  keep_spare();
  static constexpr const char* names[] = {"http-server", "grpc-server", "byte-server"};
  auto worker = Worker::start(names[static_cast<int>(options_.protocol)], [this](const std::stop_token&) { run(); });
  if (!worker) return worker.error();
  worker_ = std::move(*worker);
  return {};
}

void LoopServer::stop(Deadline deadline) {
  // A later call can only shorten the wait.
  Instant before = stop_at_.load();
  while (deadline.at < before && !stop_at_.compare_exchange_weak(before, deadline.at)) {}
  must_stop_ = true;
  if (wake_ >= 0) ::eventfd_write(wake_, 1);
  worker_.join();
}

int LoopServer::wait_milliseconds() const {
  Instant until = std::min(next_check_, accept_again_at_);
  if (is_draining_) until = std::min(until, stop_at_.load());
  if (until == Instant::max()) return -1;
  const Duration wait = std::clamp<Duration>(until - now_, Duration::zero(), wait_max);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

void LoopServer::run() {
  now_ = clock_.now();
  epoll_event events[events_max];
  while (true) {
    const int count = ::epoll_wait(poll_, events, events_max, wait_milliseconds());
    now_ = clock_.now();
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == wake_) {
        eventfd_t ignored = 0;
        ::eventfd_read(wake_, &ignored);
      } else if (descriptor == listener_.descriptor) {
        accept_some();
      } else {
        handle(descriptor, events[i].events);
      }
    }
    if (must_stop_ && !is_draining_) begin_drain();
    if (now_ >= next_check_) check_deadlines();
    if (now_ >= accept_again_at_ && !is_draining_) watch_listener(true);
    keep_spare();
    if (is_draining_ && (connections_.empty() || now_ >= stop_at_.load())) break;
  }
  connections_.clear();
}

void LoopServer::watch_listener(bool is_wanted) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_.descriptor}};
  ::epoll_ctl(poll_, is_wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_.descriptor, &event);
  accept_again_at_ = is_wanted ? Instant::max() : now_ + accept_pause;
}

// A crowd on one server, or many files, must not silence the others: metrics and health among them.
void LoopServer::keep_spare() {
  if (spare_ < 0 && connections_.empty() && !is_draining_) spare_ = ::fcntl(wake_, F_DUPFD_CLOEXEC, 0);
}

bool LoopServer::give_spare() {
  if (spare_ < 0) return false;
  ::close(std::exchange(spare_, -1));
  return true;
}

void LoopServer::accept_some() {
  for (int i = 0; i < accepts_in_a_row_max; ++i) {
    Accepted accepted = accept_connection(listener_.descriptor);
    if (accepted.descriptor >= 0) {
      add_connection(std::move(accepted));
    } else if (accepted.problem == 0) {
      return;
    } else if (accepted.problem == EMFILE || accepted.problem == ENFILE || accepted.problem == ENOMEM) {
      if (accepted.problem != ENOMEM && give_spare()) continue;
      if (options_.log) options_.log->warn("out of file descriptors, connections have to wait");
      return watch_listener(false);
    }
  }
}

void LoopServer::add_connection(Accepted accepted) {
  const int descriptor = accepted.descriptor;
  if (connections_.size() >= options_.connections_max) {
    if (options_.log) options_.log->warn("too many connections, a new one was closed", {{"peer", accepted.peer}});
    ::close(descriptor);
    return;
  }
  const bool is_http = options_.protocol == Protocol::http;
  std::unique_ptr<Transport> transport;
  if (options_.tls) {
    SslPointer ssl = options_.tls->make_connection(is_http ? "http/1.1" : "h2");
    if (!ssl) {
      ::close(descriptor);
      return;
    }
    transport = make_tls_transport(descriptor, std::move(ssl));
  } else {
    transport = make_socket_transport(descriptor);
  }
  Connection connection;
  if (context_.streams != nullptr) {
    connection.session = make_byte_session(context_, std::move(transport), accepted.peer, accepted.process, now_);
  } else {
    const auto make = is_http ? make_http_session : make_grpc_session;
    connection.session = make(context_, std::move(transport), std::move(accepted.peer), now_);
  }
  next_check_ = std::min(next_check_, connection.session->deadline());
  keep_watch(descriptor, connections_.insert_or_assign(descriptor, std::move(connection)).first->second);
}

void LoopServer::keep_watch(int descriptor, Connection& connection) {
  const Session& session = *connection.session;
  const std::uint32_t wanted = (session.wants_read() ? EPOLLIN : 0u) | (session.wants_write() ? EPOLLOUT : 0u);
  if (wanted == connection.watched && wanted != 0) return;
  epoll_event event{.events = wanted, .data = {.fd = descriptor}};
  if (::epoll_ctl(poll_, EPOLL_CTL_MOD, descriptor, &event) != 0) {
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event);
  }
  connection.watched = wanted;
}

void LoopServer::handle(int descriptor, std::uint32_t events) {
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return;
  Session& session = *found->second.session;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && !session.is_closed()) session.on_writable(now_);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !session.is_closed()) session.on_readable(now_);
  if (session.is_closed()) {
    connections_.erase(found);
    return;
  }
  next_check_ = std::min(next_check_, session.deadline());
  keep_watch(descriptor, found->second);
}

void LoopServer::check_deadlines() {
  next_check_ = Instant::max();
  for (auto it = connections_.begin(); it != connections_.end();) {
    Session& session = *it->second.session;
    if (session.deadline() <= now_) session.on_timer(now_);
    if (session.is_closed()) {
      it = connections_.erase(it);
      continue;
    }
    next_check_ = std::min(next_check_, session.deadline());
    keep_watch(it->first, it->second);
    ++it;
  }
}

void LoopServer::begin_drain() {
  is_draining_ = true;
  ::close(listener_.descriptor);  // New clients are refused at once rather than left waiting.
  listener_.descriptor = -1;
  accept_again_at_ = Instant::max();
  if (!options_.unix_path.empty()) ::unlink(options_.unix_path.c_str());
  for (auto it = connections_.begin(); it != connections_.end();) {
    it->second.session->drain(now_);
    if (it->second.session->is_closed()) {
      it = connections_.erase(it);
    } else {
      next_check_ = std::min(next_check_, it->second.session->deadline());
      keep_watch(it->first, it->second);
      ++it;
    }
  }
}

}  // namespace

namespace {

Result<std::unique_ptr<Server>> start_loop(ServerOptions options, ServerHandler* handler, ByteStreamHandler* streams,
                                           Clock& clock) {
  Result<Listener> listener = open_listener(options);
  if (!listener) return listener.error();
  auto server = std::make_unique<LoopServer>(std::move(options), handler, streams, clock, *listener);
  RANKWIRE_TRY(server->begin());
  return server;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, ServerHandler& handler, Clock& clock) {
  return start_loop(std::move(options), &handler, nullptr, clock);
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, ByteStreamHandler& handler, Clock& clock) {
  options.protocol = Protocol::bytes;
  return start_loop(std::move(options), nullptr, &handler, clock);
}

}  // namespace rankwire::net
