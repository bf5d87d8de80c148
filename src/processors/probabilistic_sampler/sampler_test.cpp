#include "processors/probabilistic_sampler/sampler.hpp"

#include <doctest/doctest.h>

#include "processors/probabilistic_sampler/attribute_bytes.hpp"
#include "processors/probabilistic_sampler/probability.hpp"
#include "processors/probabilistic_sampler/trace_state.hpp"

namespace rankwire::probabilistic_sampler {
namespace {

std::string threshold_at(double probability, int precision = 4) {
  Arena arena;
  const auto threshold = threshold_of(probability, precision);
  return threshold ? std::string(threshold_text(*threshold, arena)) : "none";
}

TEST_CASE("thresholds are what the specification says of a probability") {
  CHECK(threshold_at(1) == "0");
  CHECK(threshold_at(0.5) == "8");
  CHECK(threshold_at(0.25) == "c");
  CHECK(threshold_at(0.1) == "e666");
  CHECK(threshold_at(1.0 / 3) == "aaab");
  CHECK(threshold_at(1.0 / 3, 3) == "aab");
  CHECK(threshold_at(0.1, 14) == "e6666666666666");
  // Leading f's and 0's carry nothing: digits are added for them.
  CHECK(threshold_at(0.0001) == "fff9724");
  CHECK(threshold_at(0.99999) == "0000a7c6");
  CHECK(threshold_at(0x1.0p-56) == "ffffffffffffff");
  CHECK(threshold_at(0x1.0p-57) == "none");
  CHECK(threshold_at(1.01) == "none");
  CHECK(threshold_at(0) == "none");
  CHECK(probability_of(*parse_threshold("c")) == 0.25);
}

TEST_CASE("texts of thresholds and randomness are read strictly") {
  CHECK(parse_threshold("8") == std::uint64_t{1} << 55);
  CHECK(parse_threshold("0") == 0);
  CHECK(parse_threshold("00000000000001") == 1);
  for (const char* text : {"", "x", "8 ", "-1", "0x8", "123456789abcdef"}) CHECK_FALSE(parse_threshold(text));
  CHECK(parse_randomness("9b8233f7e3a151") == 0x9b8233f7e3a151);
  for (const char* text : {"", "9b8233f7e3a15", "9b8233f7e3a1512", "9b8233f7e3a15g"})
    CHECK_FALSE(parse_randomness(text));
}

TEST_CASE("hashes are those of the original, so that tiers may be mixed") {
  Arena arena;
  std::string id;
  for (char c = 0; c < 16; ++c) id += c;
  CHECK(randomness_text(hashed_randomness(id, 0), arena) == "0a680664997d65");
  CHECK(randomness_text(hashed_randomness(id, 22), arena) == "70f015595723c3");
  CHECK(randomness_text(hashed_randomness("id-7", 22), arena) == "175414f43c7a2a");
  CHECK(hashed_threshold(100) == 0);
  CHECK(hashed_threshold(50) == std::uint64_t{1} << 55);
  CHECK(hashed_threshold(0.001F) == threshold_max);
}

std::string rewritten(std::string_view text) {
  Arena arena;
  const auto state = TraceState::parse(text, arena);
  return state ? std::string(state->text(arena)) : "invalid";
}

TEST_CASE("a tracestate keeps what is not ours") {
  CHECK(rewritten("") == "");
  CHECK(rewritten("ot=th:c") == "ot=th:c");
  CHECK(rewritten("vendor=1, ot=x:y;th:c0;rv:9b8233f7e3a151 ,t@sys=a b") ==
        "ot=rv:9b8233f7e3a151;th:c;x:y,vendor=1,t@sys=a b");
  CHECK(rewritten(" , a=b,,") == "a=b");
}

TEST_CASE("what is not a tracestate is refused whole") {
  for (const char* text :
       {"a", "=b", "a=", "A=b", "a=b=c", "ot=", "ot=th", "ot=th:", "ot=th:xyz", "ot=rv:1", "ot=th:c;", "ot=;th:c",
        "ot=TH:c", "ot=x:y,ot=th:zz", "a=b\n", "a@=b", "@a=b", "1a=b", "a=\xc3\xa9"})
    CHECK_MESSAGE(rewritten(text) == "invalid", text);
  std::string many = "a=b";
  for (int i = 0; i < 31; ++i) many += ",a=b";
  CHECK(rewritten(many) == many);
  CHECK(rewritten(many + ",a=b") == "invalid");
  CHECK(rewritten("a=" + std::string(256, 'x')) != "invalid");
  CHECK(rewritten("a=" + std::string(257, 'x')) == "invalid");
}

TEST_CASE("attributes are hashed as the original writes them") {
  std::string scratch;
  const auto bytes = [&scratch](const Value& value) { return std::string(attribute_bytes(value, scratch)); };
  CHECK(bytes(Value::of("text")) == "text");
  CHECK(bytes(Value::of_bytes("b")) == "b");
  CHECK(bytes(Value::of(std::int64_t{-12})) == "-12");
  CHECK(bytes(Value::of(true)) == "true");
  CHECK(bytes(Value::of(1.5)) == "1.5");
  CHECK(bytes(Value::of(100000000000000000000.0)) == "100000000000000000000");
  CHECK(bytes(Value::of(1e21)) == "1e+21");
  CHECK(bytes(Value::of(1e-7)) == "1e-7");
  CHECK(bytes(Value::of(0.0)) == "0");
  CHECK(bytes(Value()).empty());
}

Item item_of(std::optional<std::uint64_t> randomness, std::optional<std::uint64_t> threshold = {}) {
  Item item;
  item.randomness = randomness;
  item.threshold = threshold;
  return item;
}

TEST_CASE("a sampler with a lower probability keeps nothing that one with a higher would not") {
  const Sampler tenth(Mode::equalizing, 10, 4, true), half(Mode::equalizing, 50, 4, true);
  int kept = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Item item = item_of(randomness_max / 1000 * i);
    if (!tenth.decide(item).is_kept) continue;
    ++kept;
    CHECK(half.decide(item).is_kept);
  }
  CHECK(kept >= 99);
  CHECK(kept <= 101);
}

TEST_CASE("equalizing keeps a stricter threshold, proportional multiplies") {
  const auto quarter = parse_threshold("c");
  const Item item = item_of(randomness_max, quarter);
  CHECK(Sampler(Mode::equalizing, 50, 4, true).decide(item).threshold == quarter);
  CHECK(Sampler(Mode::equalizing, 10, 4, true).decide(item).threshold == parse_threshold("e666"));
  CHECK(Sampler(Mode::proportional, 50, 4, true).decide(item).threshold == parse_threshold("e"));
}

TEST_CASE("an item that its own threshold would have dropped is a mistake of somebody before") {
  const Item item = item_of(0, parse_threshold("8"));
  const Decision closed = Sampler(Mode::equalizing, 100, 4, true).decide(item);
  CHECK_FALSE(closed.is_kept);
  CHECK(closed.problem == Problem::inconsistent_threshold);
  const Decision open = Sampler(Mode::equalizing, 100, 4, false).decide(item);
  CHECK(open.is_kept);
  CHECK(open.threshold == 0);
}

}  // namespace
}  // namespace rankwire::probabilistic_sampler
