// A batch as lines that people can read and compare: `log.attributes["a"][0]: "x"`. Shows what a statement
// changed, on the command line and in tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottl/program/datum.hpp"
#include "signal/batch.hpp"

namespace rankwire::ottl {

// Path and value, in the order of the records. What has its default is left out.
using Snapshot = std::vector<std::pair<std::string, std::string>>;
Snapshot snapshot(const SignalBatch& batch);
// Adds what does not belong to a record: `path["key"]`.
void append(Snapshot& to, const std::string& path, const Attributes& attributes);

// "path: value" of what is new, "path: before → after" of what is other, "- path: before" of what is gone.
std::vector<std::string> changes(const Snapshot& before, const Snapshot& after);

// "text", 1, 1.5, true, nil, 0x00ff, [1, 2], {"a": 1}, 2026-11-23T00:00:00Z, 1.5s, ids in hexadecimal.
std::string shown(const Datum& datum);

}  // namespace rankwire::ottl
