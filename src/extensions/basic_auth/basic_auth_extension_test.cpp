#include "extensions/basic_auth/basic_auth_extension.hpp"

#include <doctest/doctest.h>

#include "testing/extension_test.hpp"
#include "testing/temporary_directory.hpp"
#include "text/base64.hpp"

namespace rankwire::basic_auth {
namespace {

using namespace std::chrono_literals;

struct Fixture : testing::ExtensionFixture {
  Fixture() : ExtensionFixture(basic_auth_factory()) {}

  std::string with(std::string_view credentials) {
    Arena arena;
    return let_in("authorization", "Basic " + std::string(text::encode_base64(credentials, {}, arena)));
  }
  void inline_only(const std::string& lines) { start("htpasswd:\n  inline: |\n" + lines); }
  std::uint64_t refused(const std::string& reason) {
    return environment.counters.total("rankwire_auth_refused_total", {{"reason", reason}});
  }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

constexpr const char* cheap = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

TEST_CASE_FIXTURE(Fixture, "every kind of hash lets in the password it was made of, and no other") {
  // By openssl passwd, Python's crypt and hashlib, of "secret".
  const char* hashes[] = {
      "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
      "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
      "$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
      "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.",
      "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
      "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
      cheap,
      "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
      "secret",
  };
  for (const char* hash : hashes) {
    CAPTURE(hash);
    inline_only("    ann:" + std::string(hash) + "\n");
    CHECK(with("ann:secret") == "username=ann");
    CHECK(with("ann:secret") == "username=ann");
    CHECK(with("ann:Secret") == "denied: invalid credentials");
    CHECK(with("ann:") == "denied: invalid credentials");
    CHECK(with(std::string_view("ann:secret\0x", 12)) == "denied: invalid credentials");
    CHECK(with("bob:secret") == "denied: invalid credentials");
    CHECK(with("ann:" + std::string(hash)) ==
          (hash == std::string("secret") ? "username=ann" : "denied: invalid credentials"));
  }
  inline_only("    ann:$apr1$ab$PUe5JvCvSEEgq5LHeUNe2.\n");
  CHECK(with("ann:a much longer password than md5") == "username=ann");
}

TEST_CASE_FIXTURE(Fixture, "a request without credentials, or with others, is not let in, and counted") {
  inline_only("    ann:secret\n");
  CHECK(let_in("", "") == "denied: no basic auth provided");
  CHECK(let_in("authorization", "Bearer abc") == "denied: the authorization is not of the scheme Basic");
  CHECK(let_in("authorization", "Basic ***") == "denied: the authorization cannot be read");
  CHECK(with("no colon") == "denied: the authorization cannot be read");
  CHECK(with("ann:wrong") == "denied: invalid credentials");
  CHECK(let_in("authorization", "bAsIc YW5uOnNlY3JldA==") == "username=ann");
  CHECK(refused("missing") == 1);
  CHECK(refused("malformed") == 3);
  CHECK(refused("wrong") == 1);
}

TEST_CASE_FIXTURE(Fixture, "a password may have colons, and a later line wins") {
  inline_only("    # staff\n\n    ann:old\n    ann:a:b:c\n");
  CHECK(with("ann:a:b:c") == "username=ann");
  CHECK(with("ann:old") == "denied: invalid credentials");
}

TEST_CASE_FIXTURE(Fixture, "guessing is slowed down, and who was let in before is not") {
  inline_only("    ann:" + std::string(cheap) + "\n    bob:" + cheap + "\n");
  CHECK(with("ann:secret") == "username=ann");
  for (int i = 0; i < 20; ++i) CHECK(with("ann:guess" + std::to_string(i)) == "denied: invalid credentials");
  CHECK(has(with("ann:guess"), "refused: too many wrong passwords"));
  CHECK(has(with("nobody:guess"), "refused: too many wrong passwords"));
  CHECK(has(with("bob:secret"), "refused: too many wrong passwords"));
  CHECK(with("ann:secret") == "username=ann");
  CHECK(refused("busy") == 3);
  environment.clock.advance(1s);
  CHECK(with("bob:secret") == "username=bob");
}

TEST_CASE_FIXTURE(Fixture, "a file is read again when it changes, and inline lines win over it") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/htpasswd";
  const auto write = [&](std::string_view text) {
    REQUIRE(write_file_atomically(*environment.files, path, text, false));
  };
  write("ann:one\neve:file\n");
  start("htpasswd: {file: " + path + ", inline: 'eve:inline'}");
  CHECK(with("ann:one") == "username=ann");
  CHECK(with("eve:inline") == "username=eve");
  CHECK(with("eve:file") == "denied: invalid credentials");
  write("ann:two\n");
  environment.clock.advance(1s);
  CHECK(with("ann:one") == "denied: invalid credentials");
  CHECK(with("ann:two") == "username=ann");
  write("nonsense\n");
  environment.clock.advance(1s);
  CHECK(with("ann:two") == "username=ann");
  REQUIRE(environment.files->remove(path));
  environment.clock.advance(1s);
  CHECK(with("ann:two") == "username=ann");
}

TEST_CASE_FIXTURE(Fixture, "a file that is missing or damaged stops the start, without telling what is in it") {
  testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/htpasswd";
  make("htpasswd: {file: " + path + "}");
  auto started = extension->start(host);
  REQUIRE(!started);
  CHECK(has(started.error().message(), path));
  REQUIRE(write_file_atomically(*environment.files, path, "ann:fine\nhush\n", false));
  started = extension->start(host);
  REQUIRE(!started);
  CHECK(has(started.error().message(), "line 2: must be name:hash"));
  CHECK_FALSE(has(started.error().message(), "hush"));
}

TEST_CASE_FIXTURE(Fixture, "clients send name and password, from the configuration or from files that change") {
  start("client_auth: {username: ann, password: 'a:b'}");
  CHECK(sent() == "Authorization: Basic YW5uOmE6Yg==");
  CHECK(sent({{"authorization", "old"}, {"x", "y"}}) == "x: y\nAuthorization: Basic YW5uOmE6Yg==");
  CHECK_FALSE(dynamic_cast<ClientAuthenticator&>(*extension).was_denied());

  testing::TemporaryDirectory directory;
  const std::string user = directory.path() + "/user", password = directory.path() + "/password";
  REQUIRE(write_file_atomically(*environment.files, user, "ann\n", false));
  REQUIRE(write_file_atomically(*environment.files, password, "one\n", false));
  start("client_auth: {username: x, username_file: " + user + ", password_file: " + password + "}");
  CHECK(sent() == "Authorization: Basic YW5uOm9uZQ==");
  REQUIRE(write_file_atomically(*environment.files, password, "two", false));
  CHECK(sent() == "Authorization: Basic YW5uOm9uZQ==");
  environment.clock.advance(1s);
  CHECK(sent() == "Authorization: Basic YW5uOnR3bw==");
  CHECK(dynamic_cast<ClientAuthenticator&>(*extension).was_denied());
}

TEST_CASE_FIXTURE(Fixture, "configurations that cannot work are refused with a reason and without secrets") {
  CHECK(has(refusal("{}"), "needs `htpasswd`"));
  CHECK(has(refusal("{htpasswd: {inline: 'a:b'}, client_auth: {username: a}}"), "beside `htpasswd`"));
  CHECK(has(refusal("htpasswd: {}"), "must have `file` or `inline`"));
  CHECK(has(refusal("client_auth: {username: 'a:b'}"), "\":\""));
  CHECK(has(refusal("client_auth: {aws_secrets_manager: {secret_arn: x}}"), "password_file"));
  for (const char* hush : {"hush", ":hush", "a:$argon2id$hush", "a:{SHA}hush", "a:{SHA}aHVzaA==", "a:$2y$hush"}) {
    CAPTURE(hush);
    const std::string text = refusal("htpasswd: {inline: '" + std::string(hush) + "'}");
    CHECK(has(text, "line of `inline` 1: "));
    CHECK_FALSE(has(text, "hush"));
  }
  const auto config = parse("client_auth: {username: ann, password: hush}");
  CHECK(factory.print(config, false).find("client_auth")->find("password")->text() == "[REDACTED]");
}

}  // namespace
}  // namespace rankwire::basic_auth
