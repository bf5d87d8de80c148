// What the kubelet's /pods, and the API server, tell about pods, that their figures are seen in the light of: what
// they ask for, the ids of containers, what volumes are. Made anew for each scrape.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "receivers/kubelet_stats/kubelet_stats_config.hpp"
#include "signal/value.hpp"

namespace rankwire::kubelet_stats {

// Cores and bytes; 0: not said.
struct Share {
  double cpu = 0, memory = 0;
};

struct ContainerFacts {
  std::string id;  // Empty: not started.
  Share limit, request;
};

struct VolumeFacts {
  // By their names among ResourceAttributes.
  std::vector<std::pair<ResourceAttribute, std::string>> attributes;
};

struct PodFacts {
  Share limit, request;  // Of all containers; 0 where one of them says nothing.
  std::map<std::string, ContainerFacts, std::less<>> containers;
  std::map<std::string, VolumeFacts, std::less<>> volumes;
};

// Of a claim of a volume; nothing: it cannot be told now.
using FindClaim = std::function<std::optional<VolumeFacts>(std::string_view volume_id, std::string_view namespace_name,
                                                           std::string_view claim)>;

class PodTable {
 public:
  // `find_claim` may be null.
  void take(const Value& pod, const FindClaim& find_claim);
  const PodFacts* find(std::string_view uid) const;

 private:
  std::unordered_map<std::string, PodFacts> pods_;
};

// "500m", "1.5", "2Gi", "1e3": nothing if it is no quantity.
std::optional<double> parse_quantity(std::string_view text);
// What `spec` of a persistent volume says of where it is.
VolumeFacts facts_of_persistent_volume(const Value& spec);

}  // namespace rankwire::kubelet_stats
