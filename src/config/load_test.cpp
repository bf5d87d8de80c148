// From sources to one tree: YAML traps, merge, expansion, --set.
#include <doctest/doctest.h>

#include <fstream>

#include "config/load.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::config {
namespace {

std::optional<std::string> variables(const std::string& name) {
  static const std::map<std::string, std::string> all{{"HOST", "example.com"},
                                                      {"PORT", "4317"},
                                                      {"OCTAL", "0123"},
                                                      {"EMPTY", ""},
                                                      {"LIST", "[a, b]"},
                                                      {"MAP", "a: ${env:HOST}"},
                                                      {"NAME", "HOST"},
                                                      {"DOLLAR", "a$$b"},
                                                      {"LOOP", "${env:LOOP}"},
                                                      {"GROW", "${env:GROW}${env:GROW}"},
                                                      {"BROKEN", "{a: ["},
                                                      {"QUOTED", "\"q\""},
                                                      {"SECRET_REFERENCE", "${env:hunter2!}"},
                                                      {"DEEP", "[\"${env:DEEP}\"]"}};
  const auto found = all.find(name);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

struct Run {
  Loaded loaded;
  Diagnostics diagnostics;
  std::string yaml() const { return to_yaml(loaded.root); }
  std::string text() const { return diagnostics.text(); }
  bool says(const std::string& part) const { return text().find(part) != std::string::npos; }
  const Node& at(std::initializer_list<std::string_view> path) const {
    const Node* node = &loaded.root;
    for (const std::string_view key : path) {
      node = node->find(key);
      REQUIRE(node != nullptr);
    }
    return *node;
  }
};

Run run(std::vector<std::string> locations, std::vector<std::string> overrides = {}) {
  Run result;
  const auto files = make_posix_file_system();
  result.loaded = load({std::move(locations), std::move(overrides)}, *files, variables, result.diagnostics);
  return result;
}

std::string value(const std::string& yaml) {
  const Run result = run({"yaml:x: " + yaml});
  return result.at({"x"}).original_text();
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_CASE("later files win: maps merge, lists and scalars replace, null deletes") {
  const Run result = run({"yaml:{a: {b: 1, c: [1, 2]}, d: {e: 1}}", "yaml:{a: {c: [3], f: 2}, d: null}"});
  CHECK_EQ(result.yaml(), "a:\n  b: 1\n  c:\n    - 3\n  f: 2\nd: null\n");
}

TEST_CASE("files are read, listed for watching, and their places kept through the merge") {
  testing::TemporaryDirectory directory;
  write(directory.file("a.yaml"), "a:\n  b: 1\n");
  write(directory.file("b.yaml"), "a:\n  c: 2\n");
  const Run result = run({directory.file("a.yaml"), "file:" + directory.file("b.yaml")});
  CHECK_EQ(result.at({"a", "b"}).place().text(), directory.file("a.yaml") + ":2:6");
  CHECK_EQ(result.at({"a", "c"}).key_place().text(), directory.file("b.yaml") + ":2:3");
  CHECK_EQ(result.loaded.files.size(), 2);
}

TEST_CASE("a missing file, an unknown scheme and a document that is no map are errors") {
  CHECK(run({"/does/not/exist.yaml"}).says("/does/not/exist.yaml: error: cannot be read"));
  CHECK(run({"http://x/y"}).says("scheme of --config http:"));
  CHECK(run({"yaml:[1]"}).says("must be a map"));
}

TEST_CASE("references are replaced by variables, defaults and other references") {
  CHECK_EQ(value("${env:HOST}:${PORT}"), "example.com:4317");
  CHECK_EQ(value("${env:NONE:-fall}"), "fall");
  CHECK_EQ(value("${NONE:-}"), "");
  CHECK_EQ(value("${env:HOST:-fall}"), "example.com");
  CHECK_EQ(value("${env:${env:NAME}}"), "example.com");
  CHECK_EQ(value("\"${yaml:a b}\""), "a b");
  CHECK_EQ(value("$HOST"), "$HOST");
  CHECK_EQ(value("\"${env:HOST\""), "${env:HOST");
}

TEST_CASE("doubled dollars escape") {
  CHECK_EQ(value("$$HOST"), "$HOST");
  CHECK_EQ(value("$${env:HOST}"), "${env:HOST}");
  CHECK_EQ(value("$$${env:HOST}"), "$example.com");
  CHECK_EQ(value("$$$${env:HOST}"), "$${env:HOST}");
  CHECK_EQ(value("${env:DOLLAR}"), "a$b");
  CHECK_EQ(value("cost $5"), "cost $5");
}

TEST_CASE("a whole reference has the type of its value and keeps its text for string fields") {
  const Run result = run({"yaml:{n: \"${env:OCTAL}\", l: \"${env:LIST}\", m: \"${env:MAP}\", s: \"a${env:OCTAL}\"}"});
  CHECK(scalar_type(result.at({"n"})) == ScalarType::integer);
  CHECK_EQ(result.at({"n"}).original_text(), "0123");
  CHECK(result.at({"l"}).is_sequence());
  CHECK_EQ(result.at({"l"}).original_text(), "[a, b]");
  CHECK_EQ(result.at({"m", "a"}).text(), "example.com");
  CHECK_EQ(result.at({"m"}).original_text(), "a: example.com");
  CHECK(scalar_type(result.at({"s"})) == ScalarType::text);
  CHECK_EQ(value("${env:BROKEN}"), "{a: [");
  CHECK_EQ(value("${env:QUOTED}"), "\"q\"");
}

TEST_CASE("a spliced number stays a text") {
  const Run result = run({"yaml:x: 1${env:PORT}"});
  CHECK(scalar_type(result.at({"x"})) == ScalarType::text);
}

TEST_CASE("an unset variable is null with a warning at the place of the reference") {
  const Run result = run({"yaml:\nx:\n  y: ${env:NONE}\n"});
  CHECK(result.at({"x", "y"}).is_null());
  CHECK_EQ(result.text(), "yaml::3:6: warning: x::y: the environment variable NONE is not set\n");
  CHECK(run({"yaml:x: ${env:EMPTY}"}).text().empty());
}

TEST_CASE("a reference that cannot be is an error with its path") {
  CHECK(run({"yaml:x: ${1}"}).says("x: \"1\" is not the name of an environment variable; write $${1}"));
  CHECK(run({"yaml:x: ${http://a}"}).says("scheme that is not supported"));
  CHECK(run({"yaml:x: ${file:/does/not/exist}"}).says("cannot read /does/not/exist"));
  CHECK(run({"yaml:x: ${env:a$b}"}).says("contains a $"));
}

TEST_CASE("text out of a variable is not shown in an error") {
  const Run result = run({"yaml:x: ${env:SECRET_REFERENCE}"});
  CHECK(result.diagnostics.has_errors());
  CHECK_FALSE(result.says("hunter2"));
  // Somebody who forgets the dash of a default.
  CHECK(run({"yaml:x: ${env:NONE:hunter2}"}).says("\"NONE:…\" is not the name"));
  CHECK_FALSE(run({"yaml:x: ${env:NONE:hunter2}"}).says("hunter2"));
}

TEST_CASE("what came out of a reference is marked, so that errors about it do not show it") {
  const Run result = run({"yaml:{a: \"${env:HOST}\", b: \"x${env:PORT}\", c: \"${env:PORT}\", d: 5, e: $$x}"});
  for (const char* name : {"a", "b", "c"}) CHECK(result.loaded.root.find(name)->is_referenced());
  for (const char* name : {"d", "e"}) CHECK_FALSE(result.loaded.root.find(name)->is_referenced());
}

TEST_CASE("references that contain themselves come to an end") {
  for (const char* name : {"LOOP", "GROW", "DEEP"}) {
    CHECK(run({std::string("yaml:x: ${env:") + name + "}"}).diagnostics.has_errors());
  }
  testing::TemporaryDirectory directory;
  const std::string name = directory.file("self.yaml");
  write(name, "a: \"${file:" + name + "}\"\nb: \"${file:" + name + "}\"\n");
  CHECK(run({name}).diagnostics.has_errors());
}

TEST_CASE("a file reference gives a tree, or a text without its last newline") {
  testing::TemporaryDirectory directory;
  write(directory.file("tree.yaml"), "a: 1\nb: ${env:HOST}\n");
  write(directory.file("token"), "abc123\n");
  const Run result = run(
      {"yaml:{t: \"${file:" + directory.file("tree.yaml") + "}\", s: \"${file:" + directory.file("token") + "}\"}"});
  CHECK_EQ(result.at({"t", "b"}).text(), "example.com");
  CHECK_EQ(result.at({"t", "a"}).place().text(), directory.file("tree.yaml") + ":1:4");
  CHECK_EQ(result.at({"s"}).original_text(), "abc123");
  CHECK_EQ(result.loaded.files.size(), 2);
}

TEST_CASE("--set overrides come last, with dots or colons") {
  const Run result =
      run({"yaml:{a: {b: 1, c: 2}, l: [1]}"}, {"a.b=5", "a::d= x y", "l=[7, 8]", "e.f=", "a.c={g: \"${env:PORT}\"}"});
  CHECK_EQ(result.yaml(), "a:\n  b: 5\n  c:\n    g: 4317\n  d: \"x y\"\nl:\n  - 7\n  - 8\ne:\n  f: null\n");
  CHECK_EQ(result.at({"a", "b"}).place().text(), "--set a::b");
  CHECK(run({}, {"a.b"}).says("without ="));
  CHECK(run({}, {"a..b=1"}).says("empty part"));
  CHECK(run({}, {"=1"}).diagnostics.has_errors());
}

TEST_CASE("keys with :: are nested keys, addresses are not") {
  CHECK_EQ(run({"yaml:{a::b: 1, a: {c: {d::e: 2}}}"}).yaml(), "a:\n  b: 1\n  c:\n    d:\n      e: 2\n");
  CHECK(run({"yaml:{\"::1\": x}"}).loaded.root.find("::1") != nullptr);
}

TEST_CASE("a duplicate key is an error at the second") {
  Diagnostics diagnostics;
  parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\n", "f", diagnostics);
  CHECK_EQ(diagnostics.text(), "f:4:3: error: c: this key appears twice in the same map; remove one of them\n");
}

TEST_CASE("merge keys fill in what is not written") {
  Diagnostics diagnostics;
  const Node node =
      parse_yaml("base: &b {p: 1, q: 2}\nmore: &m {q: 3, r: 4}\na:\n  <<: [*b, *m]\n  p: 9\n", "f", diagnostics);
  CHECK_EQ(to_yaml(*node.find("a")), "p: 9\nq: 2\nr: 4\n");
  CHECK_EQ(diagnostics.text(), "");
  parse_yaml("a:\n  <<: 3\n", "f", diagnostics);
  CHECK(diagnostics.has_errors());
}

TEST_CASE("alias bombs, cycles and deep nesting are refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 9; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  for (const std::string& text :
       {bomb, std::string("a: &x {b: *x}"), std::string(150, '[') + std::string(150, ']'), std::string(100000, '[')}) {
    Diagnostics diagnostics;
    parse_yaml(text, "f", diagnostics);
    CHECK(diagnostics.has_errors());
  }
}

TEST_CASE("broken YAML is an error with its place; a second document is ignored with a warning") {
  Diagnostics broken;
  parse_yaml("a: 1\nb: [1\nc: 2\n", "f", broken);
  CHECK(broken.text().starts_with("f:3:"));
  Diagnostics two;
  CHECK_EQ(to_yaml(parse_yaml("---\na: 1\n---\nb: 2\n", "f", two)), "a: 1\n");
  CHECK_EQ(two.text(), "f:3: warning: a second YAML document starts here and is ignored\n");
}

TEST_CASE("what is not UTF-8 is an error with its line") {
  Diagnostics diagnostics;
  parse_yaml("a: 1\nb: caf\xe9\n", "f", diagnostics);
  CHECK_EQ(diagnostics.text(), "f:2: error: is not UTF-8 text from here on; save it as UTF-8\n");
  Diagnostics none;
  parse_yaml("a: caf\xc3\xa9 \xf0\x9f\x98\x80\n", "f", none);
  CHECK(!none.has_errors());
}

TEST_CASE("quotes decide between text and type, and survive printing") {
  Diagnostics diagnostics;
  const std::string text = "a: \"1\"\nb: 1\nc: \"null\"\nd: null\ne: \"yes\"\nf: \"a\\nb\\u0001\"\ng: {}\nh: []\n";
  const Node node = parse_yaml(text, "f", diagnostics);
  CHECK_EQ(to_yaml(node), text);
  CHECK(scalar_type(*node.find("a")) == ScalarType::text);
  CHECK(scalar_type(*node.find("b")) == ScalarType::integer);
  CHECK(node.find("d")->is_null());
}

TEST_CASE("keys too long for YAML's short form are printed so that they can be read again") {
  const std::string key(400, '\x02');
  const Node inner = Node::map({{key, Node::scalar("b", {})}}, {});
  const Node node = Node::map({{"a", inner}}, {});
  Diagnostics diagnostics;
  const Node again = parse_yaml(to_yaml(node), "again", diagnostics);
  CHECK_EQ(diagnostics.text(), "");
  REQUIRE(again.find("a") != nullptr);
  REQUIRE(again.find("a")->find(key) != nullptr);
  CHECK(again.find("a")->find(key)->text() == "b");
}

TEST_CASE("JSON output is JSON whatever YAML spelled") {
  Diagnostics diagnostics;
  const Node node =
      parse_yaml("a: 0x10\nb: .inf\nc: True\nd: [1_000, \"x\\t\"]\ne: {}\nf: ~\ng: 1e3\n", "f", diagnostics);
  CHECK_EQ(to_json(node),
           "{\n  \"a\": 16,\n  \"b\": \".inf\",\n  \"c\": true,\n  \"d\": [\n    1000,\n    \"x\\t\"\n  ],\n"
           "  \"e\": {},\n  \"f\": null,\n  \"g\": 1000\n}\n");
}

}  // namespace
}  // namespace rankwire::config
