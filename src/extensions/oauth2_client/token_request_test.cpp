#include "extensions/oauth2_client/token_request.hpp"

#include <doctest/doctest.h>

namespace rankwire::oauth2_client {
namespace {

using namespace std::chrono_literals;

const Client client{"a b", config::Secret("s&c:r=t")};

std::string read(int status, std::string body) {
  net::HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
  const auto token = read_token(response);
  if (!token) return std::string(to_string(token.error().kind())) + ": " + token.error().message();
  return token->value.reveal() + " for " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(token->lifetime).count());
}

TEST_CASE("id and secret go in the header or in the body, escaped, with scopes and parameters") {
  const Form header = token_form(client, Style::header, {"one", "two"}, {{"audience", "x y"}, {"list", "1"}});
  CHECK(header.body.reveal() == "grant_type=client_credentials&scope=one+two&audience=x+y&list=1");
  CHECK(header.authorization.reveal() == "Basic YStiOnMlMjZjJTNBciUzRHQ=");  // a+b:s%26c%3Ar%3Dt
  const Form body = token_form(client, Style::body, {}, {{"grant_type", "other"}});
  CHECK(body.body.reveal() == "grant_type=other&client_id=a+b&client_secret=s%26c%3Ar%3Dt");
  CHECK(body.authorization.empty());
}

TEST_CASE("an answer gives the token as it is sent, and how long it lives") {
  CHECK(read(200, R"({"access_token": "abc", "token_type": "bearer", "expires_in": 3600})") == "Bearer abc for 3600");
  CHECK(read(200, R"({"access_token": "abc"})") == "Bearer abc for 0");
  CHECK(read(201, R"({"access_token": "abc", "token_type": "MAC", "expires_in": "60"})") == "MAC abc for 60");
  CHECK(read(200, R"({"access_token": "abc", "token_type": "DPoP", "expires_in": 1.5})") == "DPoP abc for 1");
  CHECK(read(200, R"({"access_token": "abc", "expires_in": -5})") == "Bearer abc for 0");
  CHECK(read(200, R"({"access_token": "abc", "expires_in": 1e300})") == "Bearer abc for 31622400");
}

TEST_CASE("what is no token is told without what might be secret in it") {
  CHECK(read(200, "hush") == "unavailable: the authorization server's answer is not a JSON object");
  CHECK(read(200, R"({"id_token": "hush"})") == "unavailable: the authorization server's answer has no access_token");
  CHECK(read(200, R"({"access_token": "a\nb"})").find("control characters") != std::string::npos);
  CHECK(read(200, R"({"access_token": 5})").find("no access_token") != std::string::npos);
  CHECK(read(401, R"({"error": "invalid_client", "error_description": "no\nway", "x": "hush"})") ==
        "denied: the authorization server answered with status 401: invalid_client: no way");
  CHECK(read(503, "hush") == "unavailable: the authorization server answered with status 503");
}

}  // namespace
}  // namespace rankwire::oauth2_client
