// The C library's resolver cannot be interrupted, so a name is looked up on a thread of its own and we
// stop waiting for it. A thread we gave up on is parked and joined by a later call, when it is done.
#include "net/resolve.hpp"

#include <netdb.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "base/worker.hpp"

namespace rankwire::net {

namespace {

std::vector<Address> addresses_of(const addrinfo* list) {
  std::vector<Address> found;
  for (; list != nullptr; list = list->ai_next) {
    if (list->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
    address.size = list->ai_addrlen;
    address.family = list->ai_family;
    found.push_back(address);
  }
  return found;
}

addrinfo stream_hints(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  return hints;
}

// One name being looked up. Shared by the thread and whoever waits.
struct Query {
  const std::string host, service;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool is_done = false;  // Guarded by mutex, as are the following.
  int code = 0;          // Of getaddrinfo.
  std::vector<Address> answers;

  void run() {
    const addrinfo hints = stream_hints(AI_NUMERICSERV | AI_ADDRCONFIG);
    addrinfo* list = nullptr;
    const int outcome = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
    const std::lock_guard lock(mutex);
    code = outcome;
    answers = addresses_of(outcome == 0 ? list : nullptr);
    if (outcome == 0) ::freeaddrinfo(list);
    is_done = true;
    changed.notify_all();
  }
};

struct Lookup {
  std::shared_ptr<Query> query;
  Worker worker;

  bool is_done() const {
    const std::lock_guard lock(query->mutex);
    return query->is_done;
  }
};

// Lookups given up on. Never destroyed: the resolver may outlive every destructor.
struct Abandoned {
  std::mutex mutex;
  std::vector<Lookup> lookups;  // Guarded by mutex.

  void park(Lookup lookup) {
    const std::lock_guard lock(mutex);
    std::erase_if(lookups, [](const Lookup& old) { return old.is_done(); });
    lookups.push_back(std::move(lookup));
  }
};

Abandoned& abandoned() {
  static auto* const parked = new Abandoned;
  return *parked;
}

Result<std::vector<Address>> await(Query& query, Clock& clock, Deadline deadline, const std::stop_token& stop) {
  std::unique_lock lock(query.mutex);
  const auto is_done = [&] { return query.is_done; };
  while (!query.is_done) {
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped");
    if (deadline.has_passed(clock)) return Error(ErrorKind::unavailable, "timed out");
    if (deadline.at == Instant::max())
      query.changed.wait(lock, stop, is_done);
    else
      query.changed.wait_for(lock, stop, deadline.at - clock.now(), is_done);
  }
  if (query.code != 0) return Error(ErrorKind::unavailable, ::gai_strerror(query.code));
  return std::move(query.answers);
}

}  // namespace

Result<std::vector<Address>> resolve(const Endpoint& endpoint, Clock& clock, Deadline deadline,
                                     const std::stop_token& stop) {
  const std::string service = std::to_string(endpoint.port);
  const addrinfo literal = stream_hints(AI_NUMERICHOST | AI_NUMERICSERV);
  addrinfo* list = nullptr;
  if (::getaddrinfo(endpoint.host.c_str(), service.c_str(), &literal, &list) == 0) {
    auto found = addresses_of(list);
    ::freeaddrinfo(list);
    return found;
  }
  const std::shared_ptr<Query> query(new Query{.host = endpoint.host, .service = service});
  auto worker = Worker::start("resolver", [query](std::stop_token) { query->run(); });
  if (!worker) return Error(ErrorKind::unavailable, "resolving " + endpoint.host + ": " + worker.error().message());
  Lookup lookup{.query = query, .worker = std::move(*worker)};
  auto found = await(*lookup.query, clock, deadline, stop);
  if (!lookup.is_done()) abandoned().park(std::move(lookup));
  if (!found) return std::move(found).error().during("resolving " + endpoint.host);
  return found;
}

}  // namespace rankwire::net
