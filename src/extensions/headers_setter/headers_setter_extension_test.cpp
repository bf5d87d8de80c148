#include "extensions/headers_setter/headers_setter_extension.hpp"

#include <doctest/doctest.h>

#include "testing/extension_test.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::headers_setter {
namespace {

using namespace std::chrono_literals;

struct Fixture : testing::ExtensionFixture {
  Fixture() : ExtensionFixture(headers_setter_factory()) {}
  ClientAuthenticator& authenticator() { return dynamic_cast<ClientAuthenticator&>(*extension); }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(Fixture, "each action does what it says, whatever the header's case, in order") {
  const net::Headers before = {{"x-a", "old"}, {"X-A", "older"}, {"b", "c"}};
  start("headers: [{key: X-A, value: new}]");
  CHECK(sent(before) == "b: c\nX-A: new");
  CHECK(sent() == "X-A: new");
  start("headers: [{key: X-A, value: new, action: insert}, {key: d, value: e, action: insert}]");
  CHECK(sent(before) == "x-a: old\nX-A: older\nb: c\nd: e");
  start("headers: [{key: X-A, value: new, action: update}, {key: d, value: e, action: update}]");
  CHECK(sent(before) == "b: c\nX-A: new");
  start("headers: [{key: X-A, action: delete}, {key: d, action: delete}]");
  CHECK(sent(before) == "b: c");
  start("headers: [{key: x, value: '1'}, {key: x, value: '2', action: insert}, {key: x, value: '3', action: update}]");
  CHECK(sent() == "x: 3");
  CHECK_FALSE(authenticator().needs_tls());
  CHECK_FALSE(authenticator().was_denied());
  CHECK(authenticator().metadata_keys().empty());
}

TEST_CASE_FIXTURE(Fixture, "what the sender said goes on, or the default") {
  start(
      "headers: [{key: X-Scope-OrgID, from_context: X-Tenant, default_value: nobody}, {key: user, from_attribute: "
      "username}, {key: b, from_context: x-tenant, action: insert}]");
  Client client;
  client.metadata = {{"x-tenant", "acme"}, {"other", "x"}};
  client.auth = {{"username", "ann"}};
  CHECK(sent(&client) == "X-Scope-OrgID: acme\nuser: ann\nb: acme");
  CHECK(sent() == "X-Scope-OrgID: nobody");
  CHECK(sent({{"user", "set"}}) == "user: set\nX-Scope-OrgID: nobody");
  client.metadata = {{"x-tenant", "acme"}, {"x-tenant", "globex"}, {"x-tenant", "bad\nvalue"}};
  CHECK(sent(&client) == "X-Scope-OrgID: acme\nX-Scope-OrgID: globex\nuser: ann\nb: acme\nb: globex");
  CHECK(authenticator().metadata_keys() == std::vector<std::string>{"x-tenant"});
}

TEST_CASE_FIXTURE(Fixture, "a value's file is read again when it changes") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.file("value");
  make("headers: [{key: k, value_file: " + path + "}]");
  CHECK(has(extension->start(host).error().message(), path));
  REQUIRE(write_file_atomically(*environment.files, path, "one\nmore\n", false));
  REQUIRE(extension->start(host));
  CHECK(sent() == "k: one");
  REQUIRE(write_file_atomically(*environment.files, path, "two", false));
  environment.clock.advance(1s);
  CHECK(sent() == "k: two");
  REQUIRE(write_file_atomically(*environment.files, path, "a\x01", false));
  environment.clock.advance(1s);
  CHECK(sent() == "k: two");
  CHECK(authenticator().was_denied());
}

TEST_CASE_FIXTURE(Fixture, "another extension's credentials come after the headers") {
  testing::FakeCredentials credentials;
  testing::HostOf other(&credentials);
  make("{headers: [{key: k, value: v}, {key: authorization, value: mine}], additional_auth: some}");
  REQUIRE(extension->start(other));
  CHECK(sent() == "k: v\nAuthorization: Bearer abc");
  CHECK(authenticator().needs_tls());
  credentials.is_secret = false;
  CHECK_FALSE(authenticator().needs_tls());
  CHECK_FALSE(authenticator().was_denied());
  credentials.is_renewed = true;
  CHECK(authenticator().was_denied());
  credentials.lacking = Error(ErrorKind::unavailable, "no token yet");
  CHECK(sent() == "unavailable: no token yet");
  REQUIRE(extension->start(host));
  CHECK(has(sent(), "invalid: additional_auth names \"some\""));
}

TEST_CASE_FIXTURE(Fixture, "configurations that cannot work are refused with a reason") {
  CHECK(has(refusal("{}"), "at least one header"));
  CHECK(has(refusal("headers: [{value: v}]"), "key: must be set"));
  CHECK(has(refusal("headers: [{key: 'a b', value: v}]"), "not the name of a header"));
  CHECK(has(refusal("headers: [{key: k}]"), "one of `value`"));
  CHECK(has(refusal("headers: [{key: k, value: v, from_context: c}]"), "only one of"));
  CHECK(has(refusal("headers: [{key: k, value: v, action: set}]"), "set"));
  CHECK(has(refusal("headers: [{key: k, value: \"a\\nb\"}]"), "line breaks"));
  CHECK(has(refusal("headers: [{key: k, from_context: c, default_value: \"a\\nb\"}]"), "line breaks"));
  CHECK(refusal("headers: [{key: k, action: delete}]").empty());
}

}  // namespace
}  // namespace rankwire::headers_setter
