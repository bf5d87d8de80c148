#include "processors/redaction/redaction_processor.hpp"

#include <doctest/doctest.h>

#include "processors/redaction/mask_pattern.hpp"
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

TEST_CASE("the summary says which keys were removed and masked") {
  Fixture fixture;
  auto processor = fixture.processor("{allowed_keys: [b, a], blocked_values: ['x'], summary: debug}");
  SignalBatch batch = with_attributes({{"b", Value::of("x")}, {"gone", Value::of("1")}, {"a", Value::of("ok")}});
  REQUIRE(processor->process(batch));
  const Attributes& attributes = record_at(batch.logs(), 0).attributes;
  CHECK(find(attributes, "redaction.redacted.keys")->text() == "gone");
  CHECK(find(attributes, "redaction.masked.keys")->text() == "b");
  CHECK(find(attributes, "redaction.masked.count")->integer() == 1);
  CHECK(find(attributes, "redaction.allowed.keys")->text() == "a,b");
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

TEST_CASE("the literal prefix is what every match must start with") {
  CHECK(literal_prefix("customer_id=\\d+") == "customer_id=");
  CHECK(literal_prefix("a\\.b*c") == "a.");
  CHECK(literal_prefix("ab?c") == "a");
  CHECK(literal_prefix("ab{0,2}") == "a");
  CHECK(literal_prefix("abc+") == "abc");
  CHECK(literal_prefix("(ab)c") == "");
  CHECK(literal_prefix("a|b") == "");
  CHECK(literal_prefix("(?i)ab") == "");
  CHECK(literal_prefix("\\d+") == "");
  CHECK(literal_prefix("^ab") == "");
}

TEST_CASE("matching by prefix and without it agree on random texts") {
  const auto with_prefix = MaskPattern::compile("ab=[0-9]+b?");
  const auto without = MaskPattern::compile("(ab=[0-9]+b?)");
  REQUIRE(with_prefix);
  REQUIRE(without);
  const auto random = make_random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t i = random->below(24); i > 0; --i) text += "ab=10"[random->below(5)];
    Match one, two;
    std::size_t from = 0;
    for (;;) {
      const bool found_one = with_prefix->find(text, from, one);
      REQUIRE(found_one == without->find(text, from, two));
      if (!found_one) break;
      REQUIRE(one.begin == two.begin);
      REQUIRE(one.end == two.end);
      from = one.end;
    }
  }
}

}  // namespace
}  // namespace rankwire::redaction
