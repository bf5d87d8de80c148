// What holds for every component of the binary, checked over the registry: a new component is included without a line
// here.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "app/components.hpp"
#include "config/load.hpp"
#include "testing/refusing_intake.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::app {
namespace {

const std::filesystem::path source_root = std::filesystem::path(SOURCE_ROOT) / "src";

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Calls `check(kind, factory)` for each component.
template <class Check>
void for_each_component(const Registry& registry, Check check) {
  for (const auto& factory : registry.receivers()) check("receivers", factory);
  for (const auto& factory : registry.processors()) check("processors", factory);
  for (const auto& factory : registry.exporters()) check("exporters", factory);
  for (const auto& factory : registry.connectors()) check("connectors", factory);
  for (const auto& factory : registry.extensions()) check("extensions", factory);
}

std::string readme_of(const char* kind, const ComponentInfo& info) {
  return read_text(source_root / kind / info.type / "README.md");
}

// The first fenced yaml block after "## Example".
config::Node example_of(const std::string& readme, config::Diagnostics& diagnostics) {
  const std::size_t section = readme.find("## Example");
  const std::size_t begin = readme.find("```yaml\n", section);
  const std::size_t end = readme.find("```", begin + 8);
  if (section == std::string::npos || begin == std::string::npos || end == std::string::npos) return {};
  return config::parse_yaml(readme.substr(begin + 8, end - begin - 8), "example", diagnostics);
}

// The settings of the component in its own example; null if it is not there.
const config::Node* settings_in(const config::Node& example, const char* kind, const ComponentInfo& info) {
  const config::Node* section = example.find(kind);
  if (section == nullptr) return nullptr;
  for (const auto& [id, settings] : section->entries()) {
    const std::string type = id.substr(0, id.find('/'));
    if (type == info.type) return &settings;
  }
  return nullptr;
}

template <class Role>
Result<std::unique_ptr<Role>> created(const Factory<Role>& factory, const AnyConfig& config,
                                      testing::TestEnvironment& environment) {
  return factory.create(config, environment.context(factory.info.type));
}

Intakes shut_doors() {
  static testing::RefusingIntake intake;
  static testing::RefusingDoors named(intake);
  return {&intake, &intake, &intake, &named, nullptr};
}

template <class Role>
Result<std::unique_ptr<Role>> created(const Factory<Role, Intakes>& factory, const AnyConfig& config,
                                      testing::TestEnvironment& environment) {
  return factory.create(config, environment.context(factory.info.type), shut_doors());
}

Result<std::unique_ptr<Component>> created(const ProcessorFactory& factory, const AnyConfig& config,
                                           testing::TestEnvironment& environment) {
  const ComponentContext context = environment.context(factory.info.type);
  if (factory.holds_back()) return factory.create_holding(config, context, shut_doors());
  return factory.create(config, context);
}

TEST_CASE("the example in a component's README is valid, and creating from it has no side effects") {
  const Registry registry = built_in_components();
  for_each_component(registry, [](const char* kind, const auto& factory) {
    CAPTURE(kind);
    CAPTURE(factory.info.type);
    config::Diagnostics diagnostics;
    const config::Node example = example_of(readme_of(kind, factory.info), diagnostics);
    const config::Node* settings = settings_in(example, kind, factory.info);
    REQUIRE_MESSAGE(settings != nullptr, "no settings of the component in its own example");
    const AnyConfig config = factory.parse(*settings, factory.info.type, diagnostics);
    CHECK_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    if (diagnostics.has_errors()) return;
    testing::TestEnvironment environment;
    for (int round = 0; round < 2; ++round) {  // A second one beside the first, destroyed unstarted.
      const auto component = created(factory, config, environment);
      CHECK_MESSAGE(component.has_value(), (component ? "" : component.error().message()));
    }
  });
}

// All of a document that is about keys only.
std::string fields_section(const std::string& readme) {
  const std::size_t begin = readme.find("## Fields");
  return begin == std::string::npos ? readme : readme.substr(begin, readme.find("\n## ", begin) - begin);
}

// What a README's fields section has between backticks, and those it refers to: "as of the [attributes](…)".
std::vector<std::string> code_in_fields(const std::filesystem::path& readme) {
  std::string text = fields_section(read_text(readme));
  std::string others;
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const std::string link = text.substr(at + 2, text.find(')', at) - at - 2);
    if (link.ends_with(".md")) others += fields_section(read_text(readme.parent_path() / link));
  }
  text += others;
  std::vector<std::string> code;
  for (std::size_t at = text.find('`'); at != std::string::npos; at = text.find('`', at + 1)) {
    const std::size_t end = text.find('`', at + 1);
    if (end == std::string::npos) break;
    code.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return code;
}

// The last step of a path, which may have dots itself: "host.name" of "system.resource_attributes.host.name".
std::string last_step(const std::string& path, const std::set<std::string>& sections) {
  for (std::size_t dot = path.rfind('.'); dot != std::string::npos && dot != 0; dot = path.rfind('.', dot - 1)) {
    std::string section = path.substr(0, dot);
    if (section.ends_with("[]")) section.resize(section.size() - 2);
    const bool is_name = section.ends_with(".*") || section == "*";  // One that the user chooses.
    const bool is_operator = section.starts_with("operators[") && section.ends_with(']');
    if (is_name || is_operator || sections.contains(section)) return path.substr(dot + 1);
  }
  return path;
}

// Whether a piece of code names the key: `match_type`, `tls.ca_file`, `host.cpu.*`, `histogram::unit`.
bool is_named_in(const std::string& code, const std::string& key) {
  if (code.ends_with(".*") && key.starts_with(std::string_view(code).substr(0, code.size() - 1))) return true;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = code.find(key); at != std::string::npos; at = code.find(key, at + 1)) {
    const std::size_t end = at + key.size();
    if ((at == 0 || !is_word(code[at - 1])) && (end == code.size() || !is_word(code[end]))) return true;
  }
  return false;
}

TEST_CASE("every field of a component, nested ones too, is in its README's section of fields") {
  const Registry registry = built_in_components();
  for_each_component(registry, [](const char* kind, const auto& factory) {
    const auto code = code_in_fields(source_root / kind / factory.info.type / "README.md");
    const std::vector<config::FieldInfo> fields = factory.describe();
    std::set<std::string> known;
    for (const config::FieldInfo& field : fields) known.insert(field.path);
    std::set<std::string> looked_for;
    for (const config::FieldInfo& field : fields) {
      const std::string key = last_step(field.path, known);
      if (field.support != config::FieldInfo::Support::supported || key == "*" || !looked_for.insert(key).second)
        continue;
      CAPTURE(kind);
      CAPTURE(factory.info.type);
      CAPTURE(field.path);
      CHECK(std::any_of(code.begin(), code.end(), [&key](const auto& text) { return is_named_in(text, key); }));
    }
  });
}

TEST_CASE("every component says what it is and which signals it takes") {
  const Registry registry = built_in_components();
  std::set<std::string> names;
  for_each_component(registry, [&names](const std::string& kind, const auto& factory) {
    CAPTURE(factory.info.type);
    CHECK(factory.info.summary.ends_with('.'));
    CHECK((kind == "extensions" || !factory.info.signals.empty()));
    CHECK(names.insert(kind + "/" + factory.info.type).second);
    for (const std::string& alias : factory.info.aliases) CHECK(names.insert(kind + "/" + alias).second);
  });
}

TEST_CASE("an unknown key is an error for every component") {
  const Registry registry = built_in_components();
  for_each_component(registry, [](const char* kind, const auto& factory) {
    CAPTURE(kind);
    CAPTURE(factory.info.type);
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml("{no_such_key: 1}", "test.yaml", diagnostics);
    (void)factory.parse(node, factory.info.type, diagnostics);
    CHECK(diagnostics.text().find("no_such_key") != std::string::npos);
  });
}

TEST_CASE("documented defaults are upstream's") {
  const Registry registry = built_in_components();
  std::map<std::string, std::vector<config::FieldInfo>> fields;
  for_each_component(registry, [&fields](std::string kind, const auto& factory) {
    kind.pop_back();
    fields[kind + " " + factory.info.type] = factory.describe();
  });
  std::istringstream table(read_text(source_root / "app/testdata/upstream_defaults.txt"));
  int count = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string kind, type, path, value;
    words >> kind >> type >> path >> value;
    CAPTURE(line);
    const auto& known = fields[kind + " " + type];
    const auto field = std::find_if(known.begin(), known.end(), [&path](const auto& f) { return f.path == path; });
    CHECK(field != known.end());
    if (field != known.end()) CHECK(field->default_text == (value == "-" ? "" : value));
    ++count;
  }
  CHECK(count > 80);
}

}  // namespace
}  // namespace rankwire::app
