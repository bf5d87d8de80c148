// What is scraped: made of the labels that discovery found, by the rules of the job.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "net/http_client.hpp"
#include "receivers/prometheus/labels.hpp"
#include "receivers/prometheus/scrape_config.hpp"

namespace rankwire::prometheus {

// Targets that one source of discovery gave together; a later group of the same source replaces it.
struct TargetGroup {
  std::string source;
  OwnedLabels labels;                // Of all of them.
  std::vector<OwnedLabels> targets;  // Each with __address__.
};

struct ScrapeTarget {
  net::Url url;
  OwnedLabels labels;      // Of its series: what does not begin with "__", by name.
  OwnedLabels discovered;  // __meta_… and __scheme__, from which its resource is known. No part of what it is.
  Duration interval{}, timeout{};

  std::string_view label(std::string_view name) const;
  // Two of one identity are one target.
  std::string identity() const;
};

// Nothing: the rules drop it. Error: what is wrong with its labels.
Result<std::optional<ScrapeTarget>> make_target(const ScrapeConfig& config, const RelabelRules& rules,
                                                const OwnedLabels& own, const OwnedLabels& group);

}  // namespace rankwire::prometheus
