// Gets pages from one URL, as Prometheus' HTTP client settings say: credentials, TLS, redirects, compression.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/buffer.hpp"
#include "component/component.hpp"
#include "net/http_client.hpp"
#include "receivers/prometheus/http_settings.hpp"

namespace rankwire::prometheus {

struct Page {
  std::string content_type;
  std::string body;  // Uncompressed.
};

class PageClient {
 public:
  // `settings` outlives it. `bytes_max`: of a page, before and after it is uncompressed.
  PageClient(net::Url url, const HttpSettings& settings, Environment& environment, Bytes bytes_max);
  // Unless the last answer is 200 an error says what it was; `too_large`: over the limit.
  Result<Page> get(const net::Headers& headers, Deadline deadline, const std::stop_token& stop);

 private:
  Result<net::HttpClient*> client_for(const net::Url& url, std::unique_ptr<net::HttpClient>& other);
  Result<std::unique_ptr<net::HttpClient>> make_client(const net::Url& url);
  Result<Page> page_of(net::HttpResponse response) const;

  const net::Url url_;
  const HttpSettings& settings_;
  Environment& environment_;
  const Bytes bytes_max_;
  std::unique_ptr<net::HttpClient> client_;  // Made with the first request.
};

}  // namespace rankwire::prometheus
