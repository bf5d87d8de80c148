// One request for a token, and what is made of its answer. Pure: the sending is another's.
#pragma once

#include "config/types.hpp"
#include "net/http_client.hpp"

namespace rankwire::oauth2_client {

struct Token {
  config::Secret value;  // "Bearer abc", as it goes into the header.
  Duration lifetime{0};  // 0: the server did not say.
};

struct Client {
  std::string id;
  config::Secret secret;
};

// Servers want the client's id and secret in a header, or in the body; RFC 6749 says that the header must work.
enum class Style : std::uint8_t { header, body };

struct Form {
  config::Secret body;           // application/x-www-form-urlencoded.
  config::Secret authorization;  // Empty: none.
};

Form token_form(const Client& client, Style style, const std::vector<std::string>& scopes,
                const std::vector<std::pair<std::string, std::string>>& more);

// Errors quote `error` and `error_description` of the answer, bounded, and nothing else of it.
Result<Token> read_token(const net::HttpResponse& response);

}  // namespace rankwire::oauth2_client
