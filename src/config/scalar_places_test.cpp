#include "config/scalar_places.hpp"

#include <doctest/doctest.h>

#include "config/fields.hpp"
#include "config/load.hpp"

namespace rankwire::config {
namespace {

std::string place_of_mark(const std::string& document, std::size_t at) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = document.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < at; ++i) {
    if (document[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(document[i]) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

void collect(const Node& node, std::vector<std::string>& places) {
  for (const Node& item : node.items()) collect(item, places);
  for (const auto& [key, value] : node.entries()) collect(value, places);
  const std::string& text = node.text();
  for (std::size_t at = text.find('^'); at != std::string::npos; at = text.find('^', at + 1)) {
    const auto place = node.place_in_text(at);
    places.push_back(place ? std::to_string(place->line) + ":" + std::to_string(place->column) : "?");
  }
}

std::optional<std::string> variables(const std::string& name) {
  return name == "X" ? std::optional<std::string>("^^ $ long enough to move what follows") : std::nullopt;
}

// Every "^" of the document must be found where it stands.
void check(const std::string& document) {
  CAPTURE(document);
  std::vector<std::string> wanted, found;
  for (std::size_t at = document.find('^'); at != std::string::npos; at = document.find('^', at + 1))
    wanted.push_back(place_of_mark(document, at));
  Diagnostics diagnostics;
  collect(parse_yaml(document, "a.yaml", diagnostics), found);
  CHECK_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  CHECK(found == wanted);
}

TEST_CASE("plain scalars: on one line, folded over several, in lists, maps and flow style") {
  check("a: x^y^ z\n");
  check("- one ^\n-   two^  # a comment\n- {k: a^b, l: [c^, 'd^']}\n");
  check("a:\n  first ^ line  \n  second\t^ line\n\n\n  third ^\nb: ^x\n");
  check("a: {k: plain\n   over ^ lines, l: x^}\n");
  check("äöü: ßä ^ ü^\nb: [ä, ö^]\n");
  check(
      "\xEF\xBB\xBF"
      "a: x^\n");
  check("a: x^\r\nb: y\r\n  z^\r\n\r\n  w^\r\n");
}

TEST_CASE("quoted scalars: escapes, doubled quotes, folded lines") {
  check("a: 'x''y^''^'\nb: 'one\n  two^\n\n  three^ '\n");
  check(R"(a: "\"^\\^\t\x41^\u00e4^\U0001F600^\N^\_^\/^\0^")");
  check("a: \"one   \n   two^\\\n   three^ \\\n  \\  four^\n\n   five^\"\n");
}

TEST_CASE("a line break that is escaped joins lines, blank lines behind it stay") { check("a: \"x \\\n\n  y^\"\n"); }

TEST_CASE("literal blocks: indentation, chomping, empty lines, text that is indented more") {
  check("a: |\n  one^\n   two ^\n\n  three^\nb: ^\n");
  check("a: |-\n  one\n  ^two\n\n\nb: ^\n");
  check("a: |+\n\n  one^\n\n\nb: ^\n");
  check("a: |2\n    one^\n  two^\nb: ^\n");
  check("a: |1-  # comment\n    one^\n  two^\nb: ^\n");
  check("- |\n one^\n   \n two^\n- x^\n");
  check("a: |\r\n  one^\r\n  two^\r\n");
  check("a: |\n  ends without a line break^");
}

TEST_CASE("folded blocks: lines joined, blank lines, lines that are indented more") {
  check("a: >\n  one^\n  two ^\n\n  three^\n\n\n  four^\nb: ^\n");
  check("a: >-\n  one^\n    more^\n    more^\n  back^\n\n    more^\n\n  end^\nb: ^\n");
  check("a: >+\n\n\n  one^\n  two^\n\n\nb: ^\n");
  check("a: >2-\n    one^\n  two^\n  three^\n");
}

TEST_CASE("tags and anchors stand before a scalar, and an alias has the places of what it names") {
  check("a: !!str x^\nb: &name 'y^'\nc: &other\n  z^\nd: !!str |\n  w^\n");
  Diagnostics diagnostics;
  std::vector<std::string> places;
  collect(parse_yaml("a: &x y^\nb: *x\n", "a.yaml", diagnostics), places);
  CHECK(places == std::vector<std::string>{"1:8", "1:8"});
}

std::vector<std::string> places_after_expansion(const std::string& document) {
  Diagnostics diagnostics;
  const auto files = make_posix_file_system();
  const Loaded loaded = load({{"yaml:" + document}, {}}, *files, variables, diagnostics);
  std::vector<std::string> places;
  collect(loaded.root, places);
  return places;
}

TEST_CASE("what stands beside a reference keeps its place, what comes out of one has none") {
  using Places = std::vector<std::string>;
  CHECK(places_after_expansion("a: x$$1^$$$$^\n") == Places{"1:8", "1:13"});
  CHECK(places_after_expansion("a: p^ $$ ${env:X} q^ $$ r^\n") == Places{"1:5", "?", "?", "1:20", "1:26"});
  CHECK(places_after_expansion("a: ^${env:X}${env:X}^\n") == Places{"1:4", "?", "?", "?", "?", "1:21"});
  CHECK(places_after_expansion("a: ${env:X}\n") == Places{"?", "?"});
}

struct Groups {
  struct Group {
    std::vector<std::string> texts;
    void fields(Fields& f) { f.field("texts", texts, ""); }
  };
  std::vector<Group> groups;
  void fields(Fields& f) {
    f.list("groups", groups, "");
    f.renamed("old_groups", "groups");
  }
  void validate(Validator& v) const {
    for (std::size_t i = 0; i < groups.size(); ++i)
      for (std::size_t k = 0; k < groups[i].texts.size(); ++k)
        if (const std::size_t at = groups[i].texts[k].find('^'); at != std::string::npos)
          v.error_in("groups[" + std::to_string(i) + "]::texts[" + std::to_string(k) + "]", at,
                     "1:" + std::to_string(at + 1), "has an ^", "remove it");
  }
};

std::string problems(const std::string& yaml) {
  Diagnostics diagnostics;
  const auto files = make_posix_file_system();
  const Loaded loaded = load({{"yaml:" + yaml}, {}}, *files, variables, diagnostics);
  Reader(loaded.root, "x", diagnostics).read(*std::make_unique<Groups>());
  return diagnostics.text();
}

TEST_CASE("a validator reports a place inside a text that lies deep in lists") {
  CHECK(problems("groups:\n- texts: [a, 'b ''^']\n- texts:\n  - |\n    c\n    d^\n") ==
        "yaml::2:19: error: x::groups[0]::texts[1]: has an ^; remove it\n"
        "yaml::6:6: error: x::groups[1]::texts[0]: has an ^; remove it\n");
  CHECK(problems("old_groups:\n- texts: [b^]\n").find("yaml::2:12: error: x::groups[0]::texts[0]: has an ^") !=
        std::string::npos);
}

TEST_CASE("where the place inside is not known, the text's own place and the position in it are given") {
  CHECK(problems("groups:\n- texts: [a, '${env:X}']\n") ==
        "yaml::2:14: error: x::groups[0]::texts[1]: has an ^ (at 1:1 of the text); remove it\n");
}

}  // namespace
}  // namespace rankwire::config
