#include "processors/resource_detection/resource_detection_processor.hpp"

#include <cstdlib>

#include "processors/resource_detection/detection.hpp"
#include "processors/resource_detection/detectors.hpp"

namespace rankwire::resource_detection {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

NamedDetector detector_of(const std::string& name, const ResourceDetectionConfig& config,
                          const Surroundings& surroundings) {
  if (name == "env") return {name, make_env_detector(surroundings), true, false};
  if (name == "system") return {name, make_system_detector(config.system, surroundings), true, false};
  if (name == "docker") return {name, make_docker_detector(config.docker, surroundings)};
  if (name == "ec2")
    return {name, make_ec2_detector(config.ec2, surroundings), false, config.ec2.fail_on_missing_metadata};
  if (name == "ecs") return {name, make_ecs_detector(config.ecs, surroundings)};
  if (name == "eks") return {name, make_eks_detector(config.eks, surroundings)};
  return {name, make_k8snode_detector(config.k8snode, surroundings), true, true};
}

std::vector<NamedDetector> detectors_of(const ResourceDetectionConfig& config, const Surroundings& surroundings) {
  std::vector<NamedDetector> detectors;
  for (const std::string& name : config.detectors) detectors.push_back(detector_of(name, config, surroundings));
  return detectors;
}

class ResourceDetectionProcessor final : public Processor {
 public:
  ResourceDetectionProcessor(const ResourceDetectionConfig& config, const ComponentContext& context)
      : overrides_(config.override_present),
        detection_(
            context.environment, detectors_of(config, {context.environment, variable, ""}),
            {.timeout = config.timeout, .refresh_interval = config.refresh_interval, .processor = context.id.text()}) {}

  Result<void> start(Host&) override { return detection_.start(); }
  void stop(Deadline) override { detection_.stop(); }

  Result<void> process(SignalBatch& batch) override {
    const std::shared_ptr<const Snapshot> snapshot = detection_.current();
    if (snapshot->attributes.empty()) return {};
    switch (batch.signal()) {
      case Signal::logs: add(*snapshot, batch.logs()); break;
      case Signal::metrics: add(*snapshot, batch.metrics()); break;
      case Signal::traces: add(*snapshot, batch.traces()); break;
    }
    return {};
  }

 private:
  template <class Batch>
  void add(const Snapshot& snapshot, Batch& batch) const {
    if (batch.resources.empty()) return;
    Arena& arena = batch.arena();
    // A copy: the next detection may replace the snapshot before the batch is gone.
    const Attributes detected = deep_copy(snapshot.attributes, arena);
    const std::string_view schema_url = arena.copy(snapshot.schema_url);
    for (auto& group : batch.resources) {
      if (group.schema_url.empty()) group.schema_url = schema_url;
      Attributes& present = group.resource.attributes;
      if (present.empty()) {
        present = Attributes::shared(detected.data(), detected.size());
        continue;
      }
      for (const KeyValue& entry : detected)
        if (overrides_ || find(present, entry.key) == nullptr) set(present, arena, entry.key, entry.value);
    }
  }

  const bool overrides_;
  Detection detection_;
};

Result<std::unique_ptr<Processor>> create(const ResourceDetectionConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Processor>(std::make_unique<ResourceDetectionProcessor>(config, context));
}

}  // namespace

ProcessorFactory resource_detection_factory() {
  return make_factory<ResourceDetectionConfig, Processor>(
      {.type = "resource_detection",
       .aliases = {"resourcedetection"},
       .summary = "Adds what is known about the machine, container and cluster to every resource.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::resource_detection
