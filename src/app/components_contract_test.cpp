// What holds for every component of the binary, checked over the registry: a new component is included without a line
// here.
#include <doctest/doctest.h>

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

TEST_CASE("every field of a component is in its README's table") {
  const Registry registry = built_in_components();
  for_each_component(registry, [](const char* kind, const auto& factory) {
    const std::string readme = readme_of(kind, factory.info);
    std::set<std::string> top_level;
    for (const config::FieldInfo& field : factory.describe())
      if (field.support == config::FieldInfo::Support::supported)
        top_level.insert(field.path.substr(0, field.path.find_first_of(".[")));
    for (const std::string& key : top_level) {
      CAPTURE(kind);
      CAPTURE(factory.info.type);
      CAPTURE(key);
      CHECK(readme.find("`" + key) != std::string::npos);
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
