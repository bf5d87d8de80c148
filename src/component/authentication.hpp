// What extensions that authenticate offer to those who name them under `auth::authenticator`: credentials for requests
// that go out, and a look at those of requests that come in. Implemented beside Extension; found with dynamic_cast.
#pragma once

#include "net/http_client.hpp"
#include "net/server.hpp"
#include "signal/client.hpp"

namespace rankwire {

// Any thread. A call must not wait: what has to be fetched is fetched meanwhile by a thread of the extension's own.
class ClientAuthenticator {
 public:
  virtual ~ClientAuthenticator() = default;
  // Changes the headers of one attempt. `client`: who sent the batch, null if that is not known. `unavailable`: there
  // are no credentials yet.
  virtual Result<void> authorize(net::Headers& headers, const Client* client) = 0;
  // The destination did not know the credentials (401, UNAUTHENTICATED). True: others may come, and the batch is worth
  // another attempt then.
  virtual bool was_denied() { return false; }
  // The client's headers that it looks at, in lower case: batches with different ones are kept apart in queues.
  virtual std::vector<std::string> metadata_keys() const { return {}; }
  // What it adds must not be read on the way.
  virtual bool needs_tls() const { return true; }
};

// Called on the threads of servers.
class ServerAuthenticator {
 public:
  virtual ~ServerAuthenticator() = default;
  // What is known of the sender afterwards, for `auth.<name>`. `denied`: not let in; `refused`: not now.
  virtual Result<net::Headers> authenticate(const net::RequestHead& head) = 0;
  // What a browser or a library is told to offer: WWW-Authenticate.
  virtual std::string challenge() const = 0;
};

// Replaces every header of the name, whichever case it has, or adds it.
void set_header(net::Headers& headers, std::string_view name, std::string value);
bool is_same_header(std::string_view a, std::string_view b);

}  // namespace rankwire
