#include "processors/redaction/redaction_processor.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::redaction {
namespace {

using testing::bodies_of;
using testing::log_batch;
using testing::record_at;
using testing::text_of;

struct Fixture : testing::ProcessorFixture {
  Fixture() : ProcessorFixture(redaction_factory()) {}

  std::unique_ptr<Processor> processor(const std::string& yaml) {
    auto made = make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    return std::move(*made);
  }
};

LogBatch with_attributes(std::initializer_list<KeyValue> attributes) {
  LogBatch batch = log_batch({"body"});
  for (const KeyValue& entry : attributes) set(record_at(batch, 0).attributes, batch.arena(), entry.key, entry.value);
  return batch;
}

TEST_CASE("every occurrence of a blocked value in a log body is masked") {
  Fixture fixture;
  auto processor = fixture.processor("{allow_all_keys: true, blocked_values: ['customer_id=\\d+']}");
  SignalBatch batch = log_batch({"a customer_id=123 b customer_id=4", "nothing here", "customer_id=x customer_id=77"});
  REQUIRE(processor->process(batch));
  CHECK(bodies_of(batch.logs()) == std::vector<std::string>{"a **** b ****", "nothing here", "customer_id=x ****"});
  CHECK(fixture.environment.counters.total("rankwire_redaction_masked_values_total") == 2);
}

TEST_CASE("patterns without a literal start mask too") {
  Fixture fixture;
  auto processor =
      fixture.processor("{allow_all_keys: true, blocked_values: ['[0-9]{4}-[0-9]{4}', '(?i)secret|token']}");
  SignalBatch batch = log_batch({"card 1234-5678 SECRET", "Token"});
  REQUIRE(processor->process(batch));
  CHECK(bodies_of(batch.logs()) == std::vector<std::string>{"card **** ****", "****"});
}

TEST_CASE("without allowed keys every attribute goes") {
  Fixture fixture;
  auto processor = fixture.processor("{}");
  SignalBatch batch = with_attributes({{"a", Value::of("1")}, {"b", Value::of("2")}});
  REQUIRE(processor->process(batch));
  CHECK(record_at(batch.logs(), 0).attributes.empty());
}

TEST_CASE("allowed keys stay, ignored keys are not even masked, blocked keys are masked whole") {
  Fixture fixture;
  auto processor = fixture.processor(
      "{allowed_keys: [a, password_hash], ignored_keys: [raw], blocked_key_patterns: ['^password'], blocked_values: "
      "['x+']}");
  SignalBatch batch = with_attributes({{"a", Value::of("1xx2")},
                                       {"raw", Value::of("xx")},
                                       {"gone", Value::of("y")},
                                       {"password_hash", Value::of("abc")}});
  REQUIRE(processor->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) == "{a=1****2,raw=xx,password_hash=****}");
}

TEST_CASE("an allowed value is left alone although it contains a blocked one") {
  Fixture fixture;
  auto processor =
      fixture.processor("{allow_all_keys: true, blocked_values: ['\\d+@corp'], allowed_values: ['^1@corp$']}");
  SignalBatch batch = with_attributes({{"a", Value::of("1@corp")}, {"b", Value::of("2@corp")}});
  REQUIRE(processor->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) == "{a=1@corp,b=****}");
}

TEST_CASE("values inside maps and lists are masked") {
  Fixture fixture;
  auto processor = fixture.processor("{allow_all_keys: true, blocked_values: ['id=\\d+']}");
  LogBatch batch = log_batch({"x"});
  Arena& arena = batch.arena();
  List<Value> items;
  items.push(arena, Value::of("id=5"));
  Attributes map;
  set(map, arena, "deep", Value::of("id=6"));
  items.push(arena, Value::of(map));
  record_at(batch, 0).body = Value::of(items);
  SignalBatch signal = std::move(batch);
  REQUIRE(processor->process(signal));
  CHECK(bodies_of(signal.logs()) == std::vector<std::string>{"[****,{deep=****}]"});
}

TEST_CASE("what is nested too deeply to be looked into is masked whole") {
  Fixture fixture;
  auto processor = fixture.processor("{allow_all_keys: true, blocked_values: ['id=\\d+']}");
  LogBatch batch = log_batch({"x", "x"});
  for (const std::uint32_t i : {0U, 1U}) {
    Value value = Value::of("id=5 and more");
    for (std::uint32_t depth = 0; depth < 64 + i; ++depth) {
      List<Value> items;
      items.push(batch.arena(), value);
      value = Value::of(items);
    }
    record_at(batch, i).body = value;
  }
  SignalBatch signal = std::move(batch);
  REQUIRE(processor->process(signal));
  const std::string open(64, '['), close(64, ']');
  CHECK(bodies_of(signal.logs()) == std::vector<std::string>{open + "**** and more" + close, open + "****" + close});
}

TEST_CASE("numbers are checked only with redact_all_types") {
  Fixture fixture;
  SignalBatch plain = with_attributes({{"card", Value::of(std::int64_t{4111})}});
  REQUIRE(fixture.processor("{allow_all_keys: true, blocked_values: ['41+']}")->process(plain));
  CHECK(text_of(record_at(plain.logs(), 0).attributes) == "{card=4111}");
  SignalBatch all = with_attributes({{"card", Value::of(std::int64_t{4111})}});
  REQUIRE(fixture.processor("{allow_all_keys: true, blocked_values: ['41+'], redact_all_types: true}")->process(all));
  CHECK(text_of(record_at(all.logs(), 0).attributes) == "{card=****}");
}

TEST_CASE("a hash function replaces the match by its hash") {
  Fixture fixture;
  auto processor = fixture.processor("{allow_all_keys: true, blocked_values: ['abc'], hash_function: sha1}");
  SignalBatch batch = log_batch({"<abc>"});
  REQUIRE(processor->process(batch));
  CHECK(bodies_of(batch.logs())[0] == "<a9993e364706816aba3e25717850c26c9cd0d89d>");
}

TEST_CASE("a short hmac key is refused without showing it") {
  Fixture fixture;
  const std::string text = fixture.refusal("{hash_function: hmac-sha256, hmac_key: tooshort}");
  CHECK(text.find("hmac_key") != std::string::npos);
  CHECK(text.find("tooshort") == std::string::npos);
}

TEST_CASE("the summary says which keys were removed, masked, allowed and ignored") {
  Fixture fixture;
  const std::string settings =
      "allowed_keys: [b, a, c], ignored_keys: [raw], blocked_values: ['x'], allowed_values: ['^fine']";
  const auto attributes = [] {
    return with_attributes({{"b", Value::of("x")},
                            {"gone", Value::of("1")},
                            {"a", Value::of("ok")},
                            {"c", Value::of("fine x")},
                            {"raw", Value::of("x")}});
  };
  SignalBatch debug = attributes();
  REQUIRE(fixture.processor("{summary: debug, " + settings + "}")->process(debug));
  CHECK(text_of(record_at(debug.logs(), 0).attributes) ==
        "{b=****,a=ok,c=fine x,raw=x,redaction.redacted.keys=gone,redaction.redacted.count=1,redaction.masked.keys=b,"
        "redaction.masked.count=1,redaction.allowed.keys=c,redaction.allowed.count=1,redaction.ignored.count=1}");
  SignalBatch info = attributes();
  REQUIRE(fixture.processor("{summary: info, " + settings + "}")->process(info));
  CHECK(text_of(record_at(info.logs(), 0).attributes) ==
        "{b=****,a=ok,c=fine x,raw=x,redaction.redacted.count=1,redaction.masked.count=1,redaction.allowed.count=1,"
        "redaction.ignored.count=1}");
  SignalBatch silent = attributes();
  REQUIRE(fixture.processor("{summary: silent, " + settings + "}")->process(silent));
  CHECK(text_of(record_at(silent.logs(), 0).attributes) == "{b=****,a=ok,c=fine x,raw=x}");
}

TEST_CASE("a second processor adds to the summary of the first instead of removing it") {
  Fixture fixture;
  SignalBatch batch = with_attributes({{"a", Value::of("x")}, {"b", Value::of("y")}});
  REQUIRE(fixture.processor("{allowed_keys: [a, b], blocked_values: ['^x'], summary: debug}")->process(batch));
  REQUIRE(fixture.processor("{allowed_keys: [a, b], blocked_values: ['^y'], summary: debug}")->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) ==
        "{a=****,b=****,redaction.masked.keys=a,b,redaction.masked.count=2}");
}

TEST_CASE("the summary of a body names its keys by path") {
  Fixture fixture;
  auto processor = fixture.processor(
      "{allowed_keys: [user, name, card, list, password], ignored_keys: [id], blocked_key_patterns: [password], "
      "blocked_values: ['41+'], summary: debug}");
  LogBatch logs = log_batch({"x"});
  Arena& arena = logs.arena();
  Attributes user, body;
  set(user, arena, "name", Value::of("n"));
  set(user, arena, "gone", Value::of("g"));
  set(user, arena, "card", Value::of(std::int64_t{4111}));
  set(user, arena, "password", Value::of("secret"));
  List<Value> items;
  items.push(arena, Value::of("ok"));
  items.push(arena, Value::of("411"));
  set(body, arena, "user", Value::of(user));
  set(body, arena, "list", Value::of(items));
  set(body, arena, "id", Value::of("411"));
  record_at(logs, 0).body = Value::of(body);
  SignalBatch batch = std::move(logs);
  REQUIRE(processor->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).body) == "{user={name=n,card=****,password=****},list=[ok,****],id=411}");
  CHECK(text_of(record_at(batch.logs(), 0).attributes) ==
        "{redaction.body.redacted.keys=user.gone,redaction.body.redacted.count=1,redaction.body.masked.keys="
        "list.[1],user.card,user.password,redaction.body.masked.count=3,redaction.body.ignored.count=1}");
}

TEST_CASE("a key that is blocked is masked unless its value is allowed") {
  Fixture fixture;
  auto processor = fixture.processor(
      "{allow_all_keys: true, blocked_key_patterns: ['token'], allowed_values: ['^public'], ignored_key_patterns: "
      "['^raw_']}");
  SignalBatch batch =
      with_attributes({{"token", Value::of("a")}, {"token2", Value::of("public a")}, {"raw_token", Value::of("b")}});
  REQUIRE(processor->process(batch));
  CHECK(text_of(record_at(batch.logs(), 0).attributes) == "{token=****,token2=public a,raw_token=b}");
}

TEST_CASE("each hash function gives its own digest of what matched") {
  Fixture fixture;
  const std::string key32(32, 'k');
  const std::string key64(64, 'k');
  const std::vector<std::pair<std::string, std::size_t>> functions = {{"md5", 32},
                                                                      {"sha1", 40},
                                                                      {"sha3", 64},
                                                                      {"hmac-sha256, hmac_key: " + key32, 64},
                                                                      {"hmac-sha512, hmac_key: " + key64, 128}};
  std::vector<std::string> digests;
  for (const auto& [function, size] : functions) {
    SignalBatch batch = log_batch({"abc"});
    REQUIRE(fixture.processor("{allow_all_keys: true, blocked_values: [abc], hash_function: " + function + "}")
                ->process(batch));
    digests.push_back(bodies_of(batch.logs())[0]);
    CHECK(digests.back().size() == size);
  }
  CHECK(digests[0] == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(digests[2] == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  CHECK(digests[3] != digests[2]);
}

TEST_CASE("attribute lists shared by many records are masked for all of them") {
  Fixture fixture;
  auto processor = fixture.processor("{allow_all_keys: true, blocked_values: ['id=\\d+']}");
  LogBatch batch = log_batch({"1", "2", "3"});
  Attributes shared;
  set(shared, batch.arena(), "k", Value::of("id=9"));
  for (std::uint32_t i = 0; i < 3; ++i)
    record_at(batch, i).attributes = Attributes::shared(shared.data(), shared.size());
  SignalBatch signal = std::move(batch);
  REQUIRE(processor->process(signal));
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(text_of(record_at(signal.logs(), i).attributes) == "{k=****}");
}

TEST_CASE("a bad pattern is named with its reason") {
  Fixture fixture;
  CHECK(fixture.refusal("{blocked_values: ['[a']}").find("missing ]") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::redaction
