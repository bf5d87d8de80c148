// Loading and planning with the process's environment variables.
#include "app/prepared_config.hpp"

#include <cstdlib>

#include "app/default_config.hpp"
#include "app/fetch_config.hpp"

namespace rankwire::app {
namespace {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

PreparedConfig prepare_config(const config::Sources& sources, FileSystem& files, const Registry& registry) {
  PreparedConfig prepared;
  config::Sources used = sources;
  if (used.locations.empty()) used.locations.push_back("yaml:" + std::string(default_config));
  fetch_locations(used.locations, prepared.diagnostics);
  config::Loaded loaded = config::load(used, files, environment_variable, prepared.diagnostics, fetch_text);
  prepared.files = std::move(loaded.files);
  // A tree that could not be read whole would only be reported a second time, as things missing.
  const bool is_readable = !prepared.diagnostics.has_errors() || loaded.root.is_map();
  if (is_readable) prepared.plan = service::plan(loaded.root, registry, prepared.diagnostics);
  prepared.root = std::move(loaded.root);
  return prepared;
}

}  // namespace rankwire::app
