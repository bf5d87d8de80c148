// The parts of a URL that a client needs. Messages never repeat the text: it may hold a password.
#include <cctype>
#include <charconv>

#include "net/http_client.hpp"

namespace rankwire::net {

std::string Endpoint::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string query_escaped(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain)
      escaped += c;
    else if (c == ' ')
      escaped += '+';
    else
      escaped += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return escaped;
}

namespace {

Error invalid(std::string message) { return Error(ErrorKind::invalid, std::move(message)); }

// "host", "host:port", "[::1]:port".
Result<Endpoint> parse_authority(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return invalid("the URL's IPv6 address has no closing bracket");
    endpoint.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
  } else {
    const auto colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  endpoint.port = default_port;
  if (endpoint.host.empty()) return invalid("the URL has no host");
  if (port.empty()) return endpoint;
  if (!port.starts_with(':')) return invalid("the URL has something between its host and port");
  port.remove_prefix(1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0)
    return invalid("the URL's port is not a number from 1 to 65535");
  endpoint.port = number;
  return endpoint;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
      return invalid("the URL contains a space or control character");
  Url url;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return invalid("the URL must start with http:// or https://");
  for (const char c : text.substr(0, scheme_end))
    url.scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (url.scheme != "http" && url.scheme != "https") return invalid("the URL's scheme must be http or https");
  text.remove_prefix(scheme_end + 3);
  text = text.substr(0, text.find('#'));
  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos)
    return invalid("the URL contains a user name or password; send credentials in a header");
  auto endpoint = parse_authority(authority, url.scheme == "https" ? 443 : 80);
  if (!endpoint) return std::move(endpoint).error();
  url.endpoint = std::move(*endpoint);
  url.target = text.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace rankwire::net
