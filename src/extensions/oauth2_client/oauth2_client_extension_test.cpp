// The extension against an authorization server whose answers the test decides.
#include "extensions/oauth2_client/oauth2_client_extension.hpp"

#include <doctest/doctest.h>

#include <condition_variable>

#include "net/network.hpp"
#include "testing/extension_test.hpp"
#include "testing/raw_server.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::oauth2_client {
namespace {

using namespace std::chrono_literals;
using testing::RawConnection;
using testing::RawServer;

// The clock stands still for the network too, which waits in real time for what is left of a deadline.
struct Fixture {
  // Answers each request in turn; the last answer again and again.
  struct Answer {
    int status = 200;
    std::string body;
  };

  ~Fixture() {
    if (extension) extension->stop(Deadline::never());
  }

  void start(std::vector<Answer> list, const std::string& more = "client_id: me, client_secret: hush") {
    answers = std::move(list);
    const std::string yaml = "{token_url: '" + server.url("/token?x=y") + "', " + more + "}";
    config::Diagnostics diagnostics;
    const auto config = factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "x", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    extension = std::move(*factory.create(config, {{"oauth2_client", ""}, environment}));
    REQUIRE(extension->start(host));
  }

  std::string sent() {
    net::Headers headers;
    const auto done = authenticator().authorize(headers, nullptr);
    return done ? headers.at(0).second : done.error().message();
  }
  ClientAuthenticator& authenticator() { return dynamic_cast<ClientAuthenticator&>(*extension); }

  // Waits until the extension has had so many answers, and has dealt with them.
  void wait_for(std::uint64_t count) {
    std::unique_lock lock(mutex);
    REQUIRE(came.wait_for(lock, 20s, [&] { return requests.size() >= count; }));
    lock.unlock();
    const auto dealt_with = [&] {
      return test.counters.total("rankwire_oauth2_client_tokens_total") +
             test.counters.total("rankwire_oauth2_client_failures_total");
    };
    while (dealt_with() < count - refused_styles) std::this_thread::yield();
    (void)sent();  // Takes the lock under which the last answer is kept.
  }

  testing::TestEnvironment test;
  std::unique_ptr<net::Network> network = net::make_system_network(test.clock);
  Environment environment{test.clock, *test.files, *network, *test.random, test.log, test.counters, test.buffers};
  testing::HostOf host{nullptr};
  ExtensionFactory factory = oauth2_client_factory();
  std::unique_ptr<Extension> extension;
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> requests;  // Guarded by mutex, as are the answers.
  std::vector<Answer> answers;
  std::uint64_t refused_styles = 0;
  RawServer server{[this](RawConnection& connection) {
    for (;;) {
      std::string request = connection.read_request();
      if (request.empty()) return;
      const std::lock_guard lock(mutex);
      requests.push_back(std::move(request));
      const Answer answer = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
      connection.answer(answer.status, answer.body);
      came.notify_all();
    }
  }};
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(Fixture, "a token is fetched at start and replaced before it ends") {
  start({{200, R"({"access_token": "one", "expires_in": 1000})"},
         {200, R"({"access_token": "two", "expires_in": 10})"},
         {200, R"({"access_token": "three"})"}});
  wait_for(1);
  CHECK(sent() == "Bearer one");
  CHECK(has(requests[0], "POST /token?x=y HTTP/1.1\r\n"));
  CHECK(has(requests[0], "Authorization: Basic bWU6aHVzaA==\r\n"));
  CHECK(has(requests[0], "\r\n\r\ngrant_type=client_credentials"));
  test.clock.advance(700s);  // Five minutes before its end.
  wait_for(2);
  CHECK(sent() == "Bearer two");
  test.clock.advance(5s);  // Half of its life.
  wait_for(3);
  CHECK(sent() == "Bearer three");
  test.clock.advance(240h);
  CHECK(sent() == "Bearer three");
}

TEST_CASE_FIXTURE(Fixture, "without a token batches are told to wait; failures are repeated, ever less often") {
  start({{503, "hush"}, {503, ""}, {200, R"({"access_token": "one", "expires_in": 100})"}, {500, ""}});
  wait_for(1);
  net::Headers headers;
  const auto refused = authenticator().authorize(headers, nullptr);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::unavailable);
  CHECK(refused.error().message() ==
        "no token of the authorization server yet: the authorization server answered with status 503");
  REQUIRE(refused.error().retry_after());
  CHECK(*refused.error().retry_after() <= 1100ms);
  test.clock.advance(1s);
  wait_for(2);
  test.clock.advance(2s);
  wait_for(3);
  CHECK(sent() == "Bearer one");
  test.clock.advance(50s);
  wait_for(4);
  CHECK(sent() == "Bearer one");  // It is still good.
  test.clock.advance(50s);
  wait_for(5);
  CHECK(has(sent(), "no token of the authorization server yet"));
}

TEST_CASE_FIXTURE(Fixture, "a server that wants id and secret in the body gets them there, then at once") {
  refused_styles = 1;
  start({{401, R"({"error": "invalid_client"})"}, {200, R"({"access_token": "one", "expires_in": 100})"}});
  wait_for(2);
  CHECK(sent() == "Bearer one");
  CHECK_FALSE(has(requests[1], "Authorization: "));
  CHECK(has(requests[1], "client_id=me&client_secret=hush"));
  test.clock.advance(50s);
  wait_for(3);
  CHECK(has(requests[2], "client_id=me&client_secret=hush"));
}

TEST_CASE_FIXTURE(Fixture, "a token that the destination refuses is replaced, but not all the time") {
  start({{200, R"({"access_token": "one"})"}, {200, R"({"access_token": "two"})"}});
  wait_for(1);
  CHECK(authenticator().was_denied());
  test.clock.advance(9s);
  CHECK(sent() == "Bearer one");
  test.clock.advance(1s);
  wait_for(2);
  CHECK(sent() == "Bearer two");
}

TEST_CASE_FIXTURE(Fixture, "id and secret are read from their files for each token") {
  testing::TemporaryDirectory directory;
  const auto write = [&](const std::string& name, std::string_view text) {
    REQUIRE(write_file_atomically(*test.files, directory.file(name), text, false));
  };
  write("id", "me\n");
  start({{200, R"({"access_token": "one"})"}},
        "client_id_file: " + directory.file("id") + ", client_secret_file: " + directory.file("secret"));
  while (test.counters.total("rankwire_oauth2_client_failures_total") == 0) std::this_thread::yield();
  CHECK(has(sent(), "reading " + directory.file("secret")));
  write("secret", "hush\n");
  test.clock.advance(1s);
  wait_for(1);
  CHECK(has(requests[0], "Authorization: Basic bWU6aHVzaA==\r\n"));
}

TEST_CASE("configurations that cannot work are refused with a reason") {
  testing::ExtensionFixture f(oauth2_client_factory());
  const std::string all = f.refusal("{}");
  for (const char* key : {"client_id", "client_secret", "token_url"}) CHECK(has(all, key));
  const std::string good = "client_id: a, client_secret: hush, token_url: 'https://h/t'";
  CHECK(f.refusal("{" + good + ", endpoint_params: {a: b, c: [d, e]}}").empty());
  CHECK(has(f.refusal("{" + good + ", endpoint_params: {a: {b: c}}}"), "endpoint_params::a"));
  CHECK(has(f.refusal("{" + good + ", endpoint_params: [a]}"), "must be a map"));
  CHECK(has(f.refusal("{" + good + ", grant_type: x}"), "client_credentials"));
  CHECK(has(f.refusal("{client_id: a, client_secret: hush, token_url: 'ftp://h'}"), "http or https"));
  CHECK(f.factory.print(f.parse("{" + good + "}"), false).find("client_secret")->text() == "[REDACTED]");
}

}  // namespace
}  // namespace rankwire::oauth2_client
