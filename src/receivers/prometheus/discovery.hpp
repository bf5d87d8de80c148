// Finds targets and tells of every change. Each runs on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "component/component.hpp"
#include "config/node.hpp"
#include "receivers/prometheus/scrape_target.hpp"

namespace rankwire::prometheus {

class Discovery {
 public:
  // All groups that there are now. Called by the discovery's thread.
  using Update = std::function<void(std::vector<TargetGroup>)>;

  virtual ~Discovery() = default;
  // Until stopped. What fails is logged and counted, and leaves the groups as they were.
  virtual void run(const Update& update, const std::stop_token& stop) = 0;
};

// Configurations outlive what is made of them. `job` is for messages.
struct DiscoveryContext {
  Environment& environment;
  Counter& failures;
  std::string job;
  std::string receiver;

  void failed(const Error& error, const std::string& where) const;
};

std::unique_ptr<Discovery> make_file_discovery(const FileDiscoveryConfig& config, DiscoveryContext context);
std::unique_ptr<Discovery> make_http_discovery(const HttpDiscoveryConfig& config, DiscoveryContext context);
std::unique_ptr<Discovery> make_dns_discovery(const DnsDiscoveryConfig& config, DiscoveryContext context);

std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesDiscoveryConfig& config, DiscoveryContext context);

std::vector<TargetGroup> static_groups(const std::vector<StaticConfig>& configs);
// [{targets: […], labels: {…}}] in JSON or YAML. Each group gets `meta` as a label, and its source from `source`.
Result<std::vector<TargetGroup>> parse_groups(const std::string& text, const std::string& source,
                                              const std::pair<std::string, std::string>& meta);

}  // namespace rankwire::prometheus
