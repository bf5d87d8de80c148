// OTLP/JSON as people have it at hand: requests, parts of them or records alone, one or several, of a signal that
// nobody names. For tools: those who send to us say what it is.
#pragma once

#include <bitset>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire::otlp {

using SignalSet = std::bitset<std::size(all_signals)>;  // By the numbers of signals.

struct JsonPiece {
  enum class Level : std::uint8_t { request, resource, scope, record };
  struct Key {
    std::string name;   // As it is written.
    SignalSet signals;  // Whose records have such a field; none: nobody's.
  };

  std::uint64_t line = 1;  // Where the value begins of which it is one.
  Level level = Level::record;
  std::string json;       // Of a request: its resources, with commas.
  std::vector<Key> keys;  // What tells the signal, and what is no field.

  // Which it may be. None: its keys contradict each other.
  SignalSet signals() const;
};

// `text`: values one after the other, each an object or a list of objects. An error names the line.
Result<std::vector<JsonPiece>> json_pieces(std::string_view text);

// One request with all of them; records that follow each other share a scope.
std::string json_request(Signal signal, std::span<const JsonPiece> pieces);

}  // namespace rankwire::otlp
