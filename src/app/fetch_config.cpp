#include "app/fetch_config.hpp"

#include "base/clock.hpp"
#include "net/http_client.hpp"
#include "net/network.hpp"
#include "net/tls.hpp"

namespace rankwire::app {
namespace {

constexpr Duration patience = std::chrono::seconds(10);
constexpr std::uint64_t config_bytes_max = 16 << 20;

}  // namespace

Result<std::string> fetch_text(const std::string& location) {
  SystemClock clock;
  const auto network = net::make_system_network(clock);
  auto url = net::Url::parse(location);
  if (!url) return std::move(url).error();
  net::HttpRequest request{.method = "GET", .target = url->target, .headers = {}, .body = {}};
  net::HttpClientOptions options;
  options.base = std::move(*url);
  options.response_bytes_max = config_bytes_max;
  if (options.base.scheme == "https") {
    net::TlsClientOptions tls;
    tls.include_system_ca_certs_pool = true;
    tls.alpn_protocols = {"http/1.1"};
    auto made = net::make_tls_client(std::move(tls), clock);
    if (!made) return std::move(made).error();
    options.tls = std::move(*made);
  }
  net::HttpClient client(std::move(options), *network, clock);
  auto response = client.send(request, Deadline::after(clock, patience), {});
  if (!response) return std::move(response).error();
  if (response->status != 200)
    return Error(ErrorKind::unavailable, "the server answered with status " + std::to_string(response->status));
  return std::move(response->body);
}

void fetch_locations(std::vector<std::string>& locations, config::Diagnostics& diagnostics) {
  for (std::string& location : locations) {
    if (!location.starts_with("http:") && !location.starts_with("https:")) continue;
    Result<std::string> text = fetch_text(location);
    if (!text) {
      config::Place place;
      place.source = std::make_shared<const std::string>(location);
      diagnostics.error(place, "", "cannot be fetched: " + text.error().message());
    }
    location = "yaml:" + (text ? *text : "{}");
  }
}

}  // namespace rankwire::app
