// Any bytes as a configuration: parse, expand, read into a struct, print, and read what was printed.
#include <cstdlib>

#include "config/fields.hpp"
#include "config/load.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::config;

struct Item {
  std::string name;
  std::vector<Item> items;
  void fields(Fields& f) {
    f.field("name", name, "");
    f.list("items", items, "");
  }
};

struct Everything {
  bool b = false;
  std::int64_t i = 0;
  std::uint64_t u = 0;
  double r = 0;
  std::string s;
  Secret k;
  Duration d{};
  Bytes z;
  std::vector<std::string> l;
  StringMap m;
  SecretMap h;
  Node any;
  std::optional<ComponentId> c;
  std::optional<Item> o;
  void fields(Fields& f) {
    f.field("b", b, "");
    f.field("i", i, "");
    f.field("u", u, "");
    f.field("r", r, "");
    f.field("s", s, "");
    f.field("k", k, "");
    f.field("d", d, "");
    f.field("z", z, "");
    f.field("l", l, "");
    f.field("m", m, "");
    f.field("h", h, "");
    f.field("any", any, "");
    f.field("c", c, "");
    f.optional_section("o", o, "");
    f.renamed("old", "s");
  }
};

std::optional<std::string> variables(const std::string& name) {
  if (name == "A") return "${env:B}";
  if (name == "B") return "[1, {x: \"${C:-d}\"}]";
  return std::nullopt;
}

// Asking for places must not read outside the text.
void check_places(const Node& node) {
  for (const Node& item : node.items()) check_places(item);
  for (const auto& [key, value] : node.entries()) check_places(value);
  for (std::size_t i = 0; i <= std::min<std::size_t>(node.original_text().size(), 64); ++i) node.place_in_text(i);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<FileSystem> files = make_posix_file_system();
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("file:") != std::string::npos) return 0;
  Diagnostics diagnostics;
  const Loaded loaded = load({{"yaml:" + text}, {"b=" + text.substr(0, 20)}}, *files, variables, diagnostics);
  const Everything value = read<Everything>(loaded.root, "x", diagnostics);
  diagnostics.text();
  check_places(loaded.root);
  to_json(loaded.root);
  const std::string printed = to_yaml(Printer(true).print(value));
  Diagnostics second;
  const Node again = parse_yaml(printed, "again", second);
  read<Everything>(again, "x", second);
  if (second.has_errors()) std::abort();
  return 0;
}
