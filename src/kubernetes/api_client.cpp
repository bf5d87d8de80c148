#include "kubernetes/api_client.hpp"

#include "base/arena.hpp"
#include "text/json_value.hpp"

namespace rankwire::kubernetes {
namespace {

// Kubernetes gives a new token long before the old one ends; client libraries look once a minute.
constexpr Duration token_lifetime = std::chrono::minutes(1);
constexpr Duration ca_lifetime = std::chrono::minutes(5);
constexpr std::uint64_t token_bytes_max = 64 * 1024;
constexpr std::uint64_t refusal_bytes_max = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The sentence of a Status object, if the body is one.
std::string message_of(const std::string& body) {
  Arena arena;
  Value status;
  if (!text::read_json_object(body, text::NumberForm::integer_where_exact, arena, status)) return {};
  const Value* message = find(status.entries(), "message");
  return message != nullptr && message->is_text() ? std::string(message->text().substr(0, 500)) : std::string();
}

ErrorKind kind_of(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorKind::denied;
    case 410: return ErrorKind::corrupt;
    case 429:
    case 503: return ErrorKind::refused;
    default: return status / 100 == 4 ? ErrorKind::invalid : ErrorKind::unavailable;
  }
}

Error error_of(const net::HttpResponse& response, const std::string& who, const Clock& clock) {
  std::string message = who + " answered with status " + std::to_string(response.status);
  if (const std::string said = message_of(response.body); !said.empty()) message += ": " + said;
  if (const auto wait = net::retry_after_of(response, clock))
    return {kind_of(response.status), std::move(message), *wait};
  return {kind_of(response.status), std::move(message)};
}

}  // namespace

ApiClient::ApiClient(ApiOptions options, const Surroundings& surroundings)
    : options_(std::move(options)), surroundings_(surroundings) {}

Result<net::Url> ApiClient::server() const {
  if (options_.auth == AuthType::given) return options_.url;
  if (!options_.kubelet.empty()) return net::Url::parse(options_.kubelet);
  if (options_.host.empty() || options_.port.empty())
    return Error(ErrorKind::invalid,
                 "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be set: outside of a pod, to the address of "
                 "the API server");
  const bool is_v6 = options_.host.find(':') != std::string::npos;
  auto url = net::Url::parse("https://" + (is_v6 ? "[" + options_.host + "]" : options_.host) + ":" + options_.port);
  if (!url) return std::move(url).error().during("reading KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
  return url;
}

Result<net::TlsClientOptions> ApiClient::tls() {
  if (options_.auth == AuthType::given) return options_.tls;
  net::TlsClientOptions tls;
  if (!options_.kubelet.empty())
    tls = options_.tls;
  else if (options_.auth == AuthType::none)
    tls.insecure_skip_verify = true;
  const bool has_authority =
      !tls.ca_file.empty() || !tls.ca_pem.empty() || tls.include_system_ca_certs_pool || tls.insecure_skip_verify;
  if (options_.auth == AuthType::service_account && !has_authority)
    tls.ca_file = options_.credentials_directory + "/ca.crt";
  if (tls.reload_interval == Duration(0)) tls.reload_interval = ca_lifetime;
  if (options_.auth == AuthType::service_account)
    if (auto read = token(); !read) return std::move(read).error();
  return tls;
}

Result<void> ApiClient::open() {
  auto url = server();
  if (!url) return std::move(url).error();
  net::HttpClientOptions options;
  options.base = std::move(*url);
  if (options.base.scheme == "https") {
    auto settings = tls();
    if (!settings) return std::move(settings).error();
    auto context = net::make_tls_client(std::move(*settings), surroundings_.clock, &surroundings_.log);
    if (!context) return std::move(context).error().during("preparing TLS to " + who());
    options.tls = std::move(*context);
  }
  // "https://rancher/k8s/clusters/c-1" is the API server's address too.
  path_ = options.base.target.substr(0, options.base.target.find('?'));
  while (path_.ends_with('/')) path_.pop_back();
  options.response_bytes_max = refusal_bytes_max;
  options.proxy_url = options_.proxy_url;
  options.ignores_proxy_variables = true;
  client_ = std::make_unique<net::HttpClient>(std::move(options), surroundings_.network, surroundings_.clock);
  return {};
}

Result<std::string> ApiClient::token() {
  const std::lock_guard lock(mutex_);
  const Instant now = surroundings_.clock.now();
  if (!token_.empty() && now < token_read_next_) return token_;
  const std::string path = options_.credentials_directory + "/token";
  auto text = read_file(surroundings_.files, path, token_bytes_max);
  if (!text && token_.empty())
    return std::move(text).error().during("reading the service account's token (auth_type: serviceAccount)");
  token_read_next_ = now + token_lifetime;
  if (text && !trimmed(*text).empty())
    token_ = trimmed(*text);
  else if (!text)  // The old one may still be good.
    surroundings_.log.warn("the service account's token cannot be read again", {{"error", text.error().message()}});
  if (token_.empty()) return Error(ErrorKind::invalid, "the service account's token is empty: " + path);
  return token_;
}

void ApiClient::forget_token() {
  const std::lock_guard lock(mutex_);
  token_read_next_ = {};
}

Result<net::HttpResponse> ApiClient::ask(const std::string& target, const std::string& bearer,
                                         const net::BodySink& sink, Duration silence_max, const std::stop_token& stop) {
  net::HttpRequest request;
  request.method = "GET";
  request.target = path_ + target;
  request.headers = {{"Accept", "application/json"}};
  if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
  if (options_.headers) {
    auto headers = options_.headers();
    if (!headers) return std::move(headers).error();
    request.headers.insert(request.headers.end(), headers->begin(), headers->end());
  }
  return client_->stream(request, sink, silence_max, stop);
}

Result<void> ApiClient::get(const std::string& target, const net::BodySink& sink, Duration silence_max,
                            std::stop_token stop) {
  if (client_ == nullptr) return Error(ErrorKind::unavailable, "the credentials for " + who() + " were not read");
  std::string bearer;
  if (options_.auth == AuthType::service_account) {
    auto read = token();
    if (!read) return std::move(read).error();
    bearer = std::move(*read);
  }
  auto response = ask(target, bearer, sink, silence_max, stop);
  if (response && response->status == 401 && !bearer.empty()) {
    forget_token();
    if (auto again = token(); again && *again != bearer) response = ask(target, *again, sink, silence_max, stop);
  }
  if (!response) return std::move(response).error();
  if (response->status == 200) return {};
  return error_of(*response, who(), surroundings_.clock);
}

}  // namespace rankwire::kubernetes
