// Asks a target allocator which jobs there are. Their targets come from it too, by HTTP discovery.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "component/component.hpp"
#include "receivers/prometheus/page_client.hpp"
#include "receivers/prometheus/prometheus_config.hpp"

namespace rankwire::prometheus {

class TargetAllocator {
 public:
  // All jobs by name, each time that they have changed. Those whose text is the same need not be touched.
  struct Job {
    std::string text;
    ScrapeConfig config;
  };
  using Update = std::function<void(std::map<std::string, Job>)>;

  // The configuration outlives it.
  TargetAllocator(const TargetAllocatorConfig& config, Environment& environment, std::string receiver);
  // Until stopped.
  void run(const Update& update, const std::stop_token& stop);

 private:
  Result<std::map<std::string, Job>> parse(const std::string& text) const;
  Result<Job> job_of(const std::string& name, const config::Node& node) const;

  const TargetAllocatorConfig& config_;
  Environment& environment_;
  const std::string receiver_;
  const HttpSettings settings_;
  Counter& failures_;
  PageClient client_;
};

}  // namespace rankwire::prometheus
