#include "receivers/prometheus/page_client.hpp"

#include <algorithm>

#include "net/compression.hpp"

namespace rankwire::prometheus {
namespace {

constexpr int redirects_max = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_same_server(const net::Url& a, const net::Url& b) {
  return a.scheme == b.scheme && a.endpoint.host == b.endpoint.host && a.endpoint.port == b.endpoint.port;
}

// Where an answer of `from` leads.
Result<net::Url> redirected(const net::Url& from, std::string_view location) {
  if (location.empty()) return Error(ErrorKind::invalid, "it answered with a redirect to nowhere");
  if (!location.starts_with('/')) return net::Url::parse(location);
  net::Url url = from;
  if (location.starts_with("//")) return net::Url::parse(from.scheme + ":" + std::string(location));
  url.target = location;
  return url;
}

}  // namespace

PageClient::PageClient(net::Url url, const HttpSettings& settings, Environment& environment, Bytes bytes_max)
    : url_(std::move(url)), settings_(settings), environment_(environment), bytes_max_(bytes_max) {}

Result<std::unique_ptr<net::HttpClient>> PageClient::make_client(const net::Url& url) {
  net::HttpClientOptions options;
  options.base = url;
  options.idle_connections_max = 1;
  options.response_bytes_max = bytes_max_.count;
  options.proxy_url = settings_.proxy_url.reveal();
  if (url.scheme == "https") {
    auto tls = net::make_tls_client(settings_.tls_options(), environment_.clock, &environment_.log);
    if (!tls) return std::move(tls).error();
    options.tls = std::move(*tls);
  }
  return std::make_unique<net::HttpClient>(std::move(options), environment_.network, environment_.clock);
}

Result<net::HttpClient*> PageClient::client_for(const net::Url& url, std::unique_ptr<net::HttpClient>& other) {
  std::unique_ptr<net::HttpClient>& client = is_same_server(url, url_) ? client_ : other;
  if (!client || &client == &other) {
    auto made = make_client(url);
    if (!made) return std::move(made).error();
    client = std::move(*made);
  }
  return client.get();
}

Result<Page> PageClient::get(const net::Headers& headers, Deadline deadline, const std::stop_token& stop) {
  auto credentials = settings_.headers(environment_.files);
  if (!credentials) return std::move(credentials).error().during("reading credentials");
  net::Url url = url_;
  std::unique_ptr<net::HttpClient> other;
  for (int redirects = 0;; ++redirects) {
    auto client = client_for(url, other);
    if (!client) return std::move(client).error();
    net::HttpRequest request;
    request.method = "GET";
    request.target = url.target;
    request.headers = headers;
    // Another server than the configured one gets no credentials.
    if (is_same_server(url, url_))
      request.headers.insert(request.headers.end(), credentials->begin(), credentials->end());
    auto response = (*client)->send(request, deadline, stop);
    if (!response) return std::move(response).error();
    if (!is_redirect(response->status) || !settings_.follow_redirects) return page_of(std::move(*response));
    if (redirects == redirects_max) return Error(ErrorKind::invalid, "more than 10 redirects");
    auto next = redirected(url, response->header("location"));
    if (!next) return std::move(next).error();
    url = std::move(*next);
  }
}

Result<Page> PageClient::page_of(net::HttpResponse response) const {
  if (response.status != 200)
    return Error(ErrorKind::unavailable, "the server answered with status " + std::to_string(response.status));
  Page page;
  page.content_type = response.header("content-type");
  const std::string_view encoding = response.header("content-encoding");
  if (encoding == "gzip") {
    auto plain = net::decompress(net::Encoding::gzip, response.body, bytes_max_);
    if (!plain) return std::move(plain).error();
    page.body = plain->view();
  } else if (encoding.empty() || encoding == "identity") {
    page.body = std::move(response.body);
  } else {
    return Error(ErrorKind::invalid, "the page's Content-Encoding \"" + std::string(encoding) + "\" was not asked for");
  }
  return page;
}

}  // namespace rankwire::prometheus
