// The C library's resolver cannot be interrupted, so it runs on its own thread (getaddrinfo_a) and we
// stop waiting for it. A query we gave up on still owns its memory until the resolver is done with
// it, so that memory is parked and freed by a later call.
#include "net/resolve.hpp"

#include <netdb.h>

#include <cerrno>
#include <memory>
#include <mutex>

namespace rankwire::net {

namespace {

struct Query {
  std::string host, service;
  addrinfo hints{};
  gaicb request{};

  ~Query() {
    if (request.ar_result != nullptr) ::freeaddrinfo(request.ar_result);
  }
};

// Queries given up on. Never destroyed: the resolver's thread may outlive every destructor.
struct Abandoned {
  std::mutex mutex;
  std::vector<std::unique_ptr<Query>> queries;  // Guarded by mutex.

  void park(std::unique_ptr<Query> query) {
    const std::lock_guard lock(mutex);
    std::erase_if(queries, [](const auto& old) { return ::gai_error(&old->request) != EAI_INPROGRESS; });
    queries.push_back(std::move(query));
  }
};

Abandoned& abandoned() {
  static auto* const parked = new Abandoned;
  return *parked;
}

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

Error failure(const Endpoint& endpoint, int code) {
  return Error(ErrorKind::unavailable, "resolving " + endpoint.host + ": " + ::gai_strerror(code));
}

// Waits in slices, only while a name is being resolved: gai_suspend has no descriptor to wait on.
Result<void> await(Query& query, const Endpoint& endpoint, Clock& clock, Deadline deadline,
                   const std::stop_token& stop) {
  const gaicb* const list[] = {&query.request};
  long slice_nanos = 1'000'000;
  while (::gai_error(&query.request) == EAI_INPROGRESS) {
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped while resolving " + endpoint.host);
    if (deadline.has_passed(clock)) return Error(ErrorKind::unavailable, "timed out while resolving " + endpoint.host);
    const timespec slice{0, slice_nanos};
    ::gai_suspend(list, 1, &slice);
    slice_nanos = std::min(slice_nanos * 2, 50'000'000L);
  }
  if (const int code = ::gai_error(&query.request); code != 0) return failure(endpoint, code);
  return {};
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
  auto query = std::make_unique<Query>();
  query->host = endpoint.host;
  query->service = service;
  query->hints = stream_hints(AI_NUMERICSERV | AI_ADDRCONFIG);
  query->request.ar_name = query->host.c_str();
  query->request.ar_service = query->service.c_str();
  query->request.ar_request = &query->hints;
  gaicb* list_of_one[] = {&query->request};
  if (const int code = ::getaddrinfo_a(GAI_NOWAIT, list_of_one, 1, nullptr); code != 0) return failure(endpoint, code);
  auto answered = await(*query, endpoint, clock, deadline, stop);
  if (::gai_error(&query->request) == EAI_INPROGRESS) ::gai_cancel(&query->request);
  if (::gai_error(&query->request) == EAI_INPROGRESS) abandoned().park(std::move(query));
  if (!answered) return std::move(answered).error();
  return addresses_of(query->request.ar_result);
}

}  // namespace rankwire::net
