// Spans taken out of a request as bytes, and put into another.
#include "otlp/span_bytes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "otlp/otlp.hpp"
#include "otlp/wire_bytes.hpp"

namespace rankwire::otlp {
namespace {

using namespace wire_bytes;

class Recorder final : public SpanVisitor {
 public:
  void resource(std::string_view description) override { resources.emplace_back(description); }
  void scope(std::string_view description) override { scopes.emplace_back(description); }
  void span(const TraceId& trace, bool is_root, std::string_view field) override {
    ids.push_back(trace.bytes[15]);
    roots.push_back(is_root);
    fields.push_back(field);
  }

  std::vector<std::string> resources, scopes;
  std::vector<int> ids;
  std::vector<bool> roots;
  std::vector<std::string_view> fields;
};

std::string id(char last, std::size_t size) { return std::string(size - 1, '\0') + last; }

}  // namespace

TEST_CASE("spans are found with their traces, and what is around them is kept") {
  const std::string first = bytes(2, bytes(1, id(7, 16)) + bytes(2, id(1, 8)) + bytes(5, "a"));
  // The last of repeated ids counts, as in decoding; a parent of zeros is none.
  const std::string second = bytes(2, bytes(1, id(1, 16)) + bytes(4, id(1, 8)) + bytes(5, "b") + bytes(1, id(9, 16)));
  const std::string third = bytes(2, bytes(5, "c") + bytes(4, id(0, 8)));
  const std::string resource = bytes(1, key_value(1, "pod", bytes(1, "p"))), unknown = bytes(77, "unknown");
  const std::string request = bytes(
      1, resource + bytes(2, bytes(1, bytes(1, "lib")) + first + second + bytes(3, "url")) + unknown + bytes(2, third));
  Recorder found;
  REQUIRE(visit_spans(request, found));
  CHECK(found.ids == std::vector<int>{7, 9, 0});
  CHECK(found.roots == std::vector<bool>{true, false, true});
  REQUIRE(found.resources.size() == 1);
  CHECK(found.resources[0] == resource + unknown);
  CHECK(found.scopes == std::vector<std::string>{bytes(1, bytes(1, "lib")) + bytes(3, "url"), ""});

  Buffer again;
  const ScopePart scopes[] = {{found.scopes[0], std::span(found.fields).first(2)},
                              {found.scopes[1], std::span(found.fields).last(1)}};
  append_resource(found.resources[0], scopes, again);
  const auto before = decode_traces(request), after = decode_traces(again.view());
  REQUIRE(before);
  REQUIRE(after);
  Buffer encoded_before, encoded_after;
  encode(*before, encoded_before);
  encode(*after, encoded_after);
  CHECK(encoded_before.view() == encoded_after.view());
}

TEST_CASE("a request that is cut off is an error that names the place") {
  const std::string request = bytes(1, bytes(2, bytes(2, bytes(1, id(7, 16)))));
  Recorder found;
  const auto visited = visit_spans(std::string_view(request).substr(0, request.size() - 1), found);
  REQUIRE(!visited);
  CHECK(visited.error().kind() == ErrorKind::invalid);
}

}  // namespace rankwire::otlp
