#include "extensions/bearer_token_auth/bearer_token_auth_extension.hpp"

#include <doctest/doctest.h>

#include "testing/extension_test.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::bearer_token_auth {
namespace {

using namespace std::chrono_literals;

struct Fixture : testing::ExtensionFixture {
  Fixture() : ExtensionFixture(bearer_token_auth_factory()) {}
  std::string with(const std::string& value) { return let_in("authorization", value); }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(Fixture, "one token lets in and is sent") {
  start("token: abc");
  CHECK(with("Bearer abc").empty());
  CHECK(with("Bearer abd") == "denied: scheme or token does not match");
  CHECK(with("abc") == "denied: scheme or token does not match");
  CHECK(with("Bearer abc ") == "denied: scheme or token does not match");
  CHECK(let_in("x", "Bearer abc") == "denied: missing or empty header: Authorization");
  CHECK(sent({{"authorization", "old"}}) == "Authorization: Bearer abc");
  CHECK_FALSE(dynamic_cast<ClientAuthenticator&>(*extension).was_denied());
  CHECK(dynamic_cast<ServerAuthenticator&>(*extension).challenge() == "Bearer");
  const auto refused = [&](const char* reason) {
    return environment.counters.total("rankwire_auth_refused_total", {{"reason", reason}});
  };
  CHECK(refused("wrong") == 3);
  CHECK(refused("missing") == 1);
}

TEST_CASE_FIXTURE(Fixture, "any of several tokens lets in, the first is sent; header and scheme are as configured") {
  start("{tokens: [new, old], header: X-Key, scheme: ''}");
  CHECK(let_in("x-key", "new").empty());
  CHECK(let_in("x-key", "old").empty());
  CHECK_FALSE(let_in("x-key", "").empty());
  CHECK_FALSE(let_in("x-key", "Bearer new").empty());
  CHECK(sent() == "X-Key: new");
}

TEST_CASE_FIXTURE(Fixture,
                  "a file of tokens is read again when it changes, also through the links of a mounted secret") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/token";
  const auto write = [&](std::string_view text) {
    REQUIRE(write_file_atomically(*environment.files, path, text, false));
  };
  make("{filename: " + path + "}");
  const auto missing = extension->start(host);
  REQUIRE(!missing);
  CHECK(has(missing.error().message(), path));
  write(" one \r\n\nolder\n");
  REQUIRE(extension->start(host));
  CHECK(sent() == "Authorization: Bearer one");
  CHECK(with("Bearer older").empty());
  write("two\n");
  CHECK(sent() == "Authorization: Bearer one");
  environment.clock.advance(1s);
  CHECK(sent() == "Authorization: Bearer two");
  CHECK_FALSE(with("Bearer one").empty());
  for (const char* useless : {"", " \n \n",
                              "a\x01"
                              "b"}) {
    write(useless);
    environment.clock.advance(1s);
    CHECK(sent() == "Authorization: Bearer two");
  }
  CHECK(dynamic_cast<ClientAuthenticator&>(*extension).was_denied());
}

TEST_CASE_FIXTURE(Fixture, "configurations that cannot work are refused with a reason, and secrets are not printed") {
  CHECK(has(refusal("{}"), "set `token`, `tokens` or `filename`"));
  CHECK(has(refusal("{token: a, tokens: [b]}"), "put them all into `tokens`"));
  CHECK(has(refusal("{token: a, filename: f}"), "wins over the token"));
  CHECK(has(refusal("{token: a, header: 'a b'}"), "not the name of a header"));
  CHECK(has(refusal("{token: \"a\\nb\"}"), "line breaks"));
  CHECK(has(refusal("{tokens: ['']}"), "must not be empty"));
  CHECK(has(refusal("{token: a, scheme: \"a\\nb\"}"), "line breaks"));
  const auto config = parse("{tokens: [hush]}");
  const config::Node printed = factory.print(config, false);
  CHECK(printed.find("tokens")->items()[0].text() == "[REDACTED]");
  CHECK(factory.print(config, true).find("tokens")->items()[0].text() == "hush");
}

}  // namespace
}  // namespace rankwire::bearer_token_auth
