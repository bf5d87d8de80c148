#include "extensions/oauth2_client/token_request.hpp"

#include <charconv>

#include "net/http_client.hpp"
#include "net/rpc_status.hpp"
#include "text/base64.hpp"
#include "text/json_value.hpp"

namespace rankwire::oauth2_client {

namespace {

constexpr std::size_t quote_bytes_max = 200;
constexpr std::int64_t lifetime_max = 366LL * 24 * 3600;

void put(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += net::query_escaped(name) + '=' + net::query_escaped(value);
}

std::string_view text_of(const Attributes& answer, std::string_view name) {
  const Value* value = find(answer, name);
  return value != nullptr && value->type() == ValueType::text ? value->text() : std::string_view();
}

// Some servers write the number as a text.
Duration lifetime_of(const Attributes& answer) {
  const Value* value = find(answer, "expires_in");
  std::int64_t seconds = 0;
  if (value == nullptr) return {};
  if (value->type() == ValueType::integer) {
    seconds = value->integer();
  } else if (value->type() == ValueType::real) {
    seconds = static_cast<std::int64_t>(std::clamp(value->real(), 0.0, static_cast<double>(lifetime_max)));
  } else if (value->type() == ValueType::text) {
    const std::string_view digits = value->text();
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, lifetime_max));
}

// "bearer" is how servers write it, and "Bearer" what others expect.
std::string scheme_of(std::string_view type) {
  std::string lower(type);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  if (lower.empty() || lower == "bearer") return "Bearer";
  if (lower == "mac") return "MAC";
  if (lower == "basic") return "Basic";
  return std::string(type);
}

bool is_sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

Error refusal(const net::HttpResponse& response, const Attributes* answer) {
  std::string message = "the authorization server answered with status " + std::to_string(response.status);
  if (answer != nullptr)
    for (const char* name : {"error", "error_description"})
      if (const std::string_view said = text_of(*answer, name); !said.empty())
        message += ": " + net::printable(std::string(said), quote_bytes_max);
  const bool is_denial = response.status == 400 || response.status == 401 || response.status == 403;
  return {is_denial ? ErrorKind::denied : ErrorKind::unavailable, std::move(message)};
}

}  // namespace

Form token_form(const Client& client, Style style, const std::vector<std::string>& scopes,
                const std::vector<std::pair<std::string, std::string>>& more) {
  std::string body, authorization;
  const bool has_own_grant =
      std::any_of(more.begin(), more.end(), [](const auto& one) { return one.first == "grant_type"; });
  if (!has_own_grant) put(body, "grant_type", "client_credentials");
  std::string joined;
  for (const std::string& scope : scopes) joined += (joined.empty() ? "" : " ") + scope;
  if (!joined.empty()) put(body, "scope", joined);
  for (const auto& [name, value] : more) put(body, name, value);
  if (style == Style::body) {
    put(body, "client_id", client.id);
    put(body, "client_secret", client.secret.reveal());
  } else {
    Arena arena;
    const std::string both = net::query_escaped(client.id) + ":" + net::query_escaped(client.secret.reveal());
    authorization = "Basic " + std::string(text::encode_base64(both, {}, arena));
  }
  return {config::Secret(std::move(body)), config::Secret(std::move(authorization))};
}

Result<Token> read_token(const net::HttpResponse& response) {
  Arena arena;
  Value value;
  const bool is_json = text::read_json_object(response.body, text::NumberForm::integer_where_exact, arena, value);
  const Attributes answer = is_json ? value.entries() : Attributes();
  if (response.status < 200 || response.status > 299) return refusal(response, is_json ? &answer : nullptr);
  if (!is_json) return Error(ErrorKind::unavailable, "the authorization server's answer is not a JSON object");
  const std::string_view token = text_of(answer, "access_token");
  if (token.empty()) return Error(ErrorKind::unavailable, "the authorization server's answer has no access_token");
  const std::string scheme = scheme_of(text_of(answer, "token_type"));
  if (!is_sendable(token) || !is_sendable(scheme))
    return Error(ErrorKind::unavailable, "the authorization server's token has control characters in it");
  return Token{config::Secret(scheme + " " + std::string(token)), lifetime_of(answer)};
}

}  // namespace rankwire::oauth2_client
