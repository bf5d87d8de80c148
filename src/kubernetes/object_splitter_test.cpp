#include "kubernetes/object_splitter.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace {

using namespace rankwire;
using namespace rankwire::kubernetes;

struct Cut {
  std::vector<std::string> objects;
  std::string envelope;
  std::uint64_t too_long = 0;
  bool is_complete = false;
  bool is_error = false;
};

Cut cut(Shape shape, std::string_view text, std::size_t piece, std::size_t object_bytes_max = 100) {
  Cut result;
  ObjectSplitter splitter(shape, object_bytes_max, [&](std::string_view object) -> Result<void> {
    result.objects.emplace_back(object);
    return {};
  });
  while (!text.empty() && !result.is_error) {
    result.is_error = !splitter.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  result.envelope = splitter.envelope();
  result.too_long = splitter.too_long();
  result.is_complete = splitter.is_complete();
  return result;
}

using Texts = std::vector<std::string>;

TEST_CASE("a list is cut into its items and what is around them, in pieces of any size") {
  const std::string text =
      R"({"kind":"items","metadata":{"items":[{"no":1}]}, "items": [ {"a":"}]{"}, {"b":[{"c":"\"}"}]} ],"x":2})";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Cut result = cut(Shape::list, text, piece);
    CHECK(result.objects == Texts{R"({"a":"}]{"})", R"({"b":[{"c":"\"}"}]})"});
    CHECK(result.envelope == R"({"kind":"items","metadata":{"items":[{"no":1}]}, "items": [],"x":2})");
    CHECK(result.is_complete);
  }
}

TEST_CASE("a watch is cut into its events") {
  const std::string text = "{\"type\":\"ADDED\"}\n{\"type\":\"x\\\\\"}\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece)
    CHECK(cut(Shape::documents, text, piece).objects == Texts{"{\"type\":\"ADDED\"}", "{\"type\":\"x\\\\\"}"});
}

TEST_CASE("an object that is too long is passed over and counted, and the next one is read") {
  const std::string text = R"({"items":[{"a":"0123456789012345678901234567890123456789"},{"b":1}]})";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Cut result = cut(Shape::list, text, piece, 20);
    CHECK(result.objects == Texts{R"({"b":1})"});
    CHECK(result.too_long == 1);
  }
}

TEST_CASE("an answer that breaks off is not complete") {
  CHECK_FALSE(cut(Shape::list, R"({"items":[{"a":1})", 100).is_complete);
  CHECK_FALSE(cut(Shape::list, "", 100).is_complete);
}

TEST_CASE("what is no JSON object is an error") {
  for (const char* text : {"<html>", "[1]", "\"a\"", "}", "{}}"}) CHECK(cut(Shape::list, text, 100).is_error);
  CHECK(cut(Shape::documents, std::string(300, '[').insert(0, "{\"a\":"), 100).is_error);
}

}  // namespace
