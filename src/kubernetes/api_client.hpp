// Requests to the API server of the cluster this process runs in, to another one that a configuration names, or to a
// kubelet.
// Thread-safe. The proxy variables of the environment are not for it: it is part of the cluster.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/file_system.hpp"
#include "base/log.hpp"
#include "net/http_client.hpp"

namespace rankwire::kubernetes {

enum class AuthType : std::uint8_t {
  none,             // No token, and the server's certificate is not checked, as in the original.
  service_account,  // A token and a CA file that Kubernetes mounts into every pod.
  certificate,      // A certificate and its key, in `tls`. Of kubelets.
  given,            // What ApiOptions say.
};

struct ApiOptions {
  AuthType auth = AuthType::service_account;
  std::string credentials_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string host, port;  // Of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.
  // "https://node-4:10250": a kubelet, which is asked instead, with `tls`. Without an authority there that of the
  // service account is trusted.
  std::string kubelet;
  // With AuthType::given, in place of all that:
  net::Url url;
  net::TlsClientOptions tls;
  std::string proxy_url;
  std::function<Result<net::Headers>()> headers;  // Of each request. Any thread.
};

// What the client needs of the world. Outlives it.
struct Surroundings {
  Clock& clock;
  FileSystem& files;
  net::Network& network;
  Logger& log;
};

class ApiClient {
 public:
  ApiClient(ApiOptions options, const Surroundings& surroundings);

  // Reads the credentials for the first time; fails where a person must act.
  Result<void> open();
  // The body of a successful answer goes to `sink`. Any other status is an error: `denied` for 401 and 403 (which
  // says what right is missing), `refused` for 429 and 503, `corrupt` for 410 (what was asked for is no longer
  // there), `invalid` for other 4xx, `unavailable` for the rest. A token that is refused is read again, and if it is
  // another one by now the request is made once more.
  Result<void> get(const std::string& target, const net::BodySink& sink, Duration silence_max, std::stop_token stop);

 private:
  Result<net::Url> server() const;
  Result<net::TlsClientOptions> tls();
  std::string who() const { return options_.kubelet.empty() ? "the API server" : "the kubelet"; }
  Result<net::HttpResponse> ask(const std::string& target, const std::string& bearer, const net::BodySink& sink,
                                Duration silence_max, const std::stop_token& stop);
  Result<std::string> token();
  void forget_token();

  const ApiOptions options_;
  const Surroundings surroundings_;
  std::unique_ptr<net::HttpClient> client_;
  std::string path_;  // Before every target.
  std::mutex mutex_;
  std::string token_;          // Guarded by mutex_. A secret.
  Instant token_read_next_{};  // Guarded by mutex_.
};

}  // namespace rankwire::kubernetes
