#include "component/settings/auth_settings.hpp"

namespace rankwire {

namespace {

constexpr int grpc_unavailable = 14;
constexpr int grpc_unauthenticated = 16;

Result<Extension*> extension_of(Host& host, const AuthConfig& config) {
  Extension* extension = host.extension(*config.authenticator);
  if (extension != nullptr) return extension;
  return Error(ErrorKind::invalid, "auth::authenticator names \"" + config.authenticator->text() +
                                       "\", which is not listed in service::extensions");
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : digit_of(text[i + 2]);
    if (low < 0) {
      out += text[i] == '+' ? ' ' : text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// Parameters of the URL stand for headers of the same name, in place of such as the request has.
void take_parameters(const std::vector<std::string>& names, net::RequestHead& head) {
  std::string_view rest = head.query;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name = decoded(one.substr(0, equals));
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    set_header(head.headers, name, decoded(one.substr(equals + 1)));
  }
}

net::ServerResponse turned_away(const net::RequestHead& head, const Error& error, const std::string& challenge) {
  const bool is_later = error.is_retryable();
  net::ServerResponse response;
  response.status = is_later ? 429 : 401;
  response.grpc_status = is_later ? grpc_unavailable : grpc_unauthenticated;
  response.content_type = "text/plain";
  response.body = error.message();
  if (head.is_grpc) return response;
  response.body += '\n';
  if (is_later)
    response.headers.emplace_back("Retry-After", "1");
  else
    response.headers.emplace_back("WWW-Authenticate", challenge);
  return response;
}

}  // namespace

void AuthConfig::fields(config::Fields& f) {
  f.field("authenticator", authenticator, "The extension that does it; it is listed in service::extensions.");
}

void AuthConfig::validate(config::Validator& v) const {
  if (!authenticator) v.error("authenticator", "must be set", "the id of an extension, for example \"basic_auth\"");
}

void HttpServerAuthConfig::fields(config::Fields& f) {
  f.squash(auth);
  f.field("request_params", request_params, "Parameters of the URL that are looked at like headers of that name.");
}

Result<ClientAuthenticator*> client_authenticator(Host& host, const std::optional<AuthConfig>& config) {
  if (!config) return nullptr;
  Result<Extension*> extension = extension_of(host, *config);
  if (!extension) return std::move(extension).error();
  if (auto* found = dynamic_cast<ClientAuthenticator*>(*extension)) return found;
  return Error(ErrorKind::invalid, "auth::authenticator names \"" + config->authenticator->text() +
                                       "\", which has no credentials for requests that go out");
}

Result<ServerAuthenticator*> server_authenticator(Host& host, const AuthConfig& config) {
  Result<Extension*> extension = extension_of(host, config);
  if (!extension) return std::move(extension).error();
  if (auto* found = dynamic_cast<ServerAuthenticator*>(*extension)) return found;
  return Error(ErrorKind::invalid, "auth::authenticator names \"" + config.authenticator->text() +
                                       "\", which does not authenticate requests that come in");
}

void require_authentication(net::ServerOptions& options, ServerAuthenticator& authenticator,
                            std::vector<std::string> request_params) {
  options.gate = [&authenticator, request_params = std::move(request_params)](
                     net::RequestHead& head) -> std::optional<net::ServerResponse> {
    if (!request_params.empty()) take_parameters(request_params, head);
    Result<net::Headers> identity = authenticator.authenticate(head);
    if (!identity) return turned_away(head, identity.error(), authenticator.challenge());
    head.identity = std::move(*identity);
    return {};
  };
}

Error after_denial(ClientAuthenticator* authenticator, Error error) {
  if (authenticator == nullptr || !authenticator->was_denied()) return error;
  return Error(ErrorKind::unavailable, error.message() + " (sent again with the credentials that come next)");
}

}  // namespace rankwire
