#include "otlp/value_text.hpp"

#include <doctest/doctest.h>

namespace rankwire::otlp {

TEST_CASE("numbers are as short as can be, and have an exponent only where they are very large or small") {
  Arena arena;
  CHECK(text_of(Value::of(1e6), arena) == "1000000");
  CHECK(text_of(Value::of(0.1), arena) == "0.1");
  CHECK(text_of(Value::of(5e-7), arena) == "5e-7");
  CHECK(text_of(Value::of(1e21), arena) == "1e+21");
  CHECK(text_of(Value::of(std::int64_t{-3}), arena) == "-3");
  CHECK(text_of(Value::of(true), arena) == "true");
}

TEST_CASE("maps are JSON with sorted keys") {
  Arena arena;
  Attributes entries;
  entries.push(arena, {"b", Value::of(2.5)});
  entries.push(arena, {"a", Value::of("x\"y")});
  CHECK(text_of(Value::of(entries), arena) == R"({"a":"x\"y","b":2.5})");
}

}  // namespace rankwire::otlp
