// Keys behind paths and converters: attributes["a"][0].
#pragma once

#include <span>
#include <vector>

#include "ottl/program/node.hpp"

namespace rankwire::ottl {

// A list that is grown by setting an element behind its end gets at most this many.
constexpr std::int64_t list_items_max = 10'000;

// What keys are once evaluated: texts and integers.
using Keys = std::span<const Datum>;
constexpr std::size_t keys_max = 16;

// Goes down from `at`. A missing key of a map is nil; an index out of bounds, a key into something else than a
// map or list, or of the wrong type, is an error.
bool read_keys(Frame& frame, const Value& at, Keys keys, Datum& out);
bool read_keys(Frame& frame, const Attributes& at, Keys keys, Datum& out);
// The same way down; what is missing is made.
bool write_keys(Frame& frame, Value& at, Keys keys, const Value& value);
bool write_keys(Frame& frame, Attributes& at, Keys keys, const Value& value);

}  // namespace rankwire::ottl
