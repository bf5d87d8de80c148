#include "receivers/prometheus/discovery.hpp"

#include "config/load.hpp"

namespace rankwire::prometheus {
namespace {

TargetGroup group_of(const StaticConfig& config, std::string source) {
  TargetGroup group{.source = std::move(source), .labels = {config.labels.begin(), config.labels.end()}, .targets = {}};
  for (const std::string& target : config.targets) group.targets.push_back({{"__address__", target}});
  return group;
}

}  // namespace

void DiscoveryContext::failed(const Error& error, const std::string& where) const {
  failures.add();
  environment.log.warn("prometheus: targets could not be looked up; those known stay",
                       {{"job", job}, {"at", where}, {"error", error.message()}});
}

std::vector<TargetGroup> static_groups(const std::vector<StaticConfig>& configs) {
  std::vector<TargetGroup> groups;
  for (const StaticConfig& config : configs) groups.push_back(group_of(config, std::to_string(groups.size())));
  return groups;
}

Result<std::vector<TargetGroup>> parse_groups(const std::string& text, const std::string& source,
                                              const std::pair<std::string, std::string>& meta) {
  config::Diagnostics diagnostics;
  const config::Node list = config::parse_yaml(text, source, diagnostics);
  if (diagnostics.has_errors()) return diagnostics.as_error();
  if (!list.is_sequence() && !list.is_null())
    return Error(ErrorKind::invalid, source + ": must be a list of {targets: [...], labels: {...}}");
  std::vector<TargetGroup> groups;
  for (const config::Node& item : list.items()) {
    const auto read = config::read<StaticConfig>(item, source, diagnostics);
    if (diagnostics.has_errors()) return diagnostics.as_error();
    groups.push_back(group_of(read, source + ":" + std::to_string(groups.size())));
    set_owned(groups.back().labels, meta.first, meta.second);
  }
  return groups;
}

}  // namespace rankwire::prometheus
