// What reads one kind of figures. Scrapers are made from their configuration, and asked one after the other by one
// thread; what they remember from scrape to scrape (for utilization) is bounded by what the machine has.
#pragma once

#include <memory>

#include "receivers/host_metrics/host_files.hpp"
#include "receivers/host_metrics/output.hpp"

namespace rankwire::host_metrics {

class Scraper {
 public:
  virtual ~Scraper() = default;
  // As in the configuration: "cpu".
  virtual std::string_view name() const = 0;
  // On failure what was found stays in the output.
  virtual Result<void> scrape(HostFiles& host, Output& output) = 0;
};

}  // namespace rankwire::host_metrics
