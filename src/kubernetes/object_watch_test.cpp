#include "kubernetes/object_watch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "kubernetes/pod.hpp"
#include "net/network.hpp"
#include "testing/fake_clock.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::kubernetes;
using namespace std::chrono_literals;

// Time passes by waiting.
class ImpatientClock final : public Clock {
 public:
  Instant now() const override { return Instant(Duration(nanos_)); }
  std::uint64_t unix_nanos() const override { return 1; }
  bool wait_until(Instant at, std::stop_token stop) const override {
    waits.push_back(at - now());
    nanos_ = at.time_since_epoch().count();
    return !stop.stop_requested();
  }
  mutable std::vector<Duration> waits;
  mutable std::int64_t nanos_ = 1'000'000'000;
};

// Gives each connection the next answer, a few bytes at a time; after the last one the test is over.
class ScriptedNetwork final : public net::Network {
 public:
  explicit ScriptedNetwork(ImpatientClock& clock) : clock_(clock) {}

  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    if (next_ >= answers.size()) {
      over.request_stop();
      return Error(ErrorKind::cancelled, "over");
    }
    return std::unique_ptr<net::Stream>(std::make_unique<Scripted>(answers[next_++], *this));
  }

  std::vector<std::string> answers;
  std::vector<std::string> requests;  // Their first lines.
  std::string heads;
  std::stop_source over;

 private:
  class Scripted final : public net::Stream {
   public:
    Scripted(std::string answer, ScriptedNetwork& network) : answer_(std::move(answer)), network_(network) {}
    Result<std::size_t> read(char* into, std::size_t size, Deadline, std::stop_token) override {
      network_.clock_.nanos_ += 1'000'000;
      const std::size_t count = std::min<std::size_t>({size, 11, answer_.size() - at_});
      answer_.copy(into, count, at_);
      at_ += count;
      return count;
    }
    Result<void> write(std::span<const std::string_view> pieces, Deadline, std::stop_token) override {
      std::string head;
      for (const std::string_view piece : pieces) head.append(piece);
      network_.requests.push_back(head.substr(0, head.find(" HTTP/1.1")));
      network_.heads += head;
      return {};
    }
    bool is_stale() override { return false; }

   private:
    const std::string answer_;
    ScriptedNetwork& network_;
    std::size_t at_ = 0;
  };

  ImpatientClock& clock_;
  std::size_t next_ = 0;
};

class RecordingSink final : public WatchSink {
 public:
  void listing_begins() override { heard += "["; }
  void listing_ended() override { heard += "]"; }
  void put(const Value& object) override { heard += "+" + std::string(text_at(object, {"metadata", "name"})); }
  void removed(const Value& object) override { heard += "-" + std::string(text_at(object, {"metadata", "name"})); }
  std::string heard;
};

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string object(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
}

std::string list(const std::string& items, int version, const std::string& next = "") {
  return answer(200, R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + next +
                         R"("},"items":[)" + items + "]}");
}

std::string event(const std::string& type, const std::string& of) {
  return R"({"type":")" + type + R"(","object":)" + of + "}\n";
}

const std::string expired = event("ERROR", R"({"kind":"Status","code":410,"message":"too old resource version"})");

struct Fixture {
  ImpatientClock clock;
  ScriptedNetwork network{clock};
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  std::unique_ptr<Random> random = make_random(1);
  NullLogger log;
  Counters counters;
  ApiClient client{{.auth = AuthType::none, .host = "::1", .port = "6443"}, {clock, *files, network, log}};
  RecordingSink sink;

  void run(std::vector<std::string> answers, WatchOptions options = {}) {
    REQUIRE(client.open());
    network.answers = std::move(answers);
    options.path = "/api/v1/pods";
    ObjectWatch(options, client, clock, *random, log, counters, sink).run(network.over.get_token());
  }
  bool asked(std::size_t request, std::string_view for_what) const {
    return request < network.requests.size() && network.requests[request].find(for_what) != std::string::npos;
  }
};

TEST_CASE_FIXTURE(Fixture, "what is listed and what changes afterwards is told in order") {
  run({list(object("a", 1) + "," + object("b", 2), 5),
       answer(200,
              event("ADDED", object("c", 6)) + event("MODIFIED", object("a", 7)) + event("DELETED", object("b", 8)))},
      {.selectors = "fieldSelector=spec.nodeName%3Dn", .is_small = true});
  CHECK(sink.heard == "[+a+b]+c+a-b");
  CHECK(network.requests[0] == "GET /api/v1/pods?limit=100&resourceVersion=0&fieldSelector=spec.nodeName%3Dn");
  CHECK(asked(1, "watch=1&allowWatchBookmarks=true&timeoutSeconds="));
  CHECK(asked(1, "&resourceVersion=5&fieldSelector=spec.nodeName%3Dn"));
  CHECK(network.heads.find("Authorization") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a long list is read page by page") {
  run({list(object("a", 1), 5, "to=ken"), list(object("b", 2), 5)}, {.page_size = 1});
  CHECK(sink.heard == "[+a+b]");
  CHECK(network.requests[0] == "GET /api/v1/pods?limit=1");
  CHECK(network.requests[1] == "GET /api/v1/pods?limit=1&continue=to%3Dken");
}

TEST_CASE_FIXTURE(Fixture, "a watch that breaks off is resumed from the last version, bookmarks included") {
  const std::string whole = answer(200, event("ADDED", object("a", 6)) + event("BOOKMARK", object("", 9)));
  run({list("", 5), whole.substr(0, whole.size() - 1), answer(200, event("ADDED", object("b", 10)))});
  CHECK(sink.heard == "[]+a+b");
  CHECK(asked(2, "&resourceVersion=9"));
  CHECK(counters.total("rankwire_kubernetes_failures_total") == 1);
  CHECK(clock.waits.empty());
}

TEST_CASE_FIXTURE(Fixture, "versions that the server no longer knows are listed anew, at once and without the cache") {
  run({list(object("a", 1), 5), answer(200, expired), list(object("b", 2), 50), answer(410, "{}"), list("", 60)},
      {.is_small = true});
  CHECK(sink.heard == "[+a][+b][]");
  CHECK(asked(0, "resourceVersion=0"));
  CHECK_FALSE(asked(2, "resourceVersion=0"));
  CHECK(asked(4, "limit=100"));
}

TEST_CASE_FIXTURE(Fixture, "refusals and breaks are tried again after longer and longer waits") {
  run({answer(403, R"({"message":"pods is forbidden"})"), "", "HTTP/1.1 garbage", answer(500, ""),
       list(object("a", 1), 5)},
      {.retry_first = 1s});
  CHECK(sink.heard == "[[[[[+a]");
  REQUIRE(clock.waits.size() >= 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(clock.waits[i] >= 500ms * (1 << i));
    CHECK(clock.waits[i] <= 1500ms * (1 << i));
  }
  CHECK(counters.total("rankwire_kubernetes_failures_total") >= 4);
}

TEST_CASE_FIXTURE(Fixture, "a server that ends every watch at once is not asked without a pause") {
  run({list("", 5), answer(200, ""), answer(200, ""), answer(200, "")});
  CHECK(clock.waits.size() >= 3);
}

TEST_CASE_FIXTURE(Fixture, "objects that make no sense are counted and passed over") {
  run({list("7,[],{\"metadata\":nonsense}," + object("a", 1), 5),
       answer(200, "{\"type\":\"ADDED\"}\n" + event("ADDED", "{nonsense}") + event("NEW", "{}") +
                       event("ADDED", object("b", 6)))});
  CHECK(sink.heard == "[+a]+b");
  CHECK(counters.total("rankwire_kubernetes_unreadable_objects_total") == 5);
}

TEST_CASE("without the address of the API server the remedy is named") {
  Fixture f;
  ApiClient client({.auth = AuthType::none}, {f.clock, *f.files, f.network, f.log});
  const auto opened = client.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message().find("KUBERNETES_SERVICE_HOST") != std::string::npos);
}

TEST_CASE("without a token there is no service account") {
  Fixture f;
  ApiClient client({.credentials_directory = "/nonexistent", .host = "127.0.0.1", .port = "1"},
                   {f.clock, *f.files, f.network, f.log});
  const auto opened = client.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message().find("/nonexistent/token") != std::string::npos);
}

}  // namespace
