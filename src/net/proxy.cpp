// Reading proxy URLs and lists of exceptions.
#include "net/proxy.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "net/text_encodings.hpp"

namespace rankwire::net {

namespace {

// An IPv4 address or IPv6 address in one form: 16 bytes, IPv4 as mapped.
std::optional<std::array<unsigned char, 16>> address_bytes(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes = {};
  bytes[10] = bytes[11] = 0xff;
  if (::inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  return {};
}

bool is_in_range(const std::string& host, std::string_view range) {
  const auto slash = range.find('/');
  const std::string network_text(range.substr(0, slash));
  const auto network = address_bytes(network_text);
  const auto address = address_bytes(host);
  if (!network || !address) return false;
  const int bits_of_form = network_text.find(':') == std::string::npos ? 32 : 128;
  int bits = bits_of_form;
  if (slash != std::string_view::npos) {
    const auto [end, error] = std::from_chars(range.data() + slash + 1, range.data() + range.size(), bits);
    if (error != std::errc{} || end != range.data() + range.size() || bits < 0 || bits > bits_of_form) return false;
  }
  bits += 128 - bits_of_form;
  for (int i = 0; i < bits; ++i) {
    const int mask = 0x80 >> (i % 8);
    if (((*network)[static_cast<std::size_t>(i / 8)] & mask) != ((*address)[static_cast<std::size_t>(i / 8)] & mask))
      return false;
  }
  return true;
}

// Loopback, and the metadata services of clouds, which answer only who asks directly.
bool is_never_proxied(const std::string& host) {
  return host == "localhost" || is_in_range(host, "127.0.0.0/8") || is_in_range(host, "::1") ||
         is_in_range(host, "169.254.0.0/16") || is_in_range(host, "fe80::/10") || is_in_range(host, "fd00:ec2::254");
}

bool matches(const Endpoint& endpoint, std::string_view entry) {
  if (entry == "*") return true;
  if (is_in_range(endpoint.host, entry)) return true;
  const auto colon = entry.find(':');
  if (colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    if (entry.substr(colon + 1) != std::to_string(endpoint.port)) return false;
    entry = entry.substr(0, colon);
    if (entry == endpoint.host) return true;
  }
  const std::string_view host = endpoint.host;
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) return host.ends_with(entry);
  return host == entry ||
         (host.ends_with(entry) && host.size() > entry.size() && host[host.size() - entry.size() - 1] == '.');
}

}  // namespace

bool is_exempt(const Endpoint& endpoint, std::string_view no_proxy) {
  if (is_never_proxied(endpoint.host)) return true;
  while (!no_proxy.empty()) {
    const auto comma = std::min(no_proxy.find(','), no_proxy.size());
    std::string_view entry = no_proxy.substr(0, comma);
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (!entry.empty() && matches(endpoint, entry)) return true;
  }
  return false;
}

Result<Proxy> parse_proxy(std::string_view text) {
  const auto scheme_end = text.find("://");
  std::string scheme = "http";
  if (scheme_end != std::string_view::npos) {
    scheme = text.substr(0, scheme_end);
    text.remove_prefix(scheme_end + 3);
  }
  Proxy proxy;
  const auto at = text.substr(0, text.find('/')).rfind('@');
  if (at != std::string_view::npos) {
    proxy.authorization = "Basic " + base64_encode(percent_decode(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  auto url = Url::parse(scheme + "://" + std::string(text));
  if (!url) return std::move(url).error().during("proxy URL");
  proxy.endpoint = url->endpoint;
  if (url->scheme == "https") return Error(ErrorKind::invalid, "a proxy must be reached by http://, not https://");
  return proxy;
}

Result<std::optional<Proxy>> proxy_for(const Url& destination, std::string_view configured,
                                       const VariableLookup& variable) {
  std::string text(configured);
  if (text.empty()) {
    const auto either = [&](const char* upper, const char* lower) {
      std::string value = variable(upper);
      return value.empty() ? variable(lower) : value;
    };
    text = destination.scheme == "https" ? either("HTTPS_PROXY", "https_proxy") : either("HTTP_PROXY", "http_proxy");
    if (text.empty() || is_exempt(destination.endpoint, either("NO_PROXY", "no_proxy"))) return std::optional<Proxy>{};
  }
  auto proxy = parse_proxy(text);
  if (!proxy) return std::move(proxy).error();
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace rankwire::net
