// What the resource_detection processor can be told: the keys of each detector, and which attributes it gives.
#pragma once

#include <string>
#include <vector>

#include "config/fields.hpp"
#include "processors/resource_detection/detector.hpp"

namespace rankwire::resource_detection {

// `resource_attributes: {host.name: {enabled: true}}`.
struct AttributeSwitches {
  Collector::Switches switches;

  void fields(config::Fields& f);
};

struct SystemConfig {
  std::vector<std::string> hostname_sources = {"dns", "os"};
  AttributeSwitches resource_attributes;

  SystemConfig();
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct DockerConfig {
  AttributeSwitches resource_attributes;

  DockerConfig();
  void fields(config::Fields& f);
};

struct Ec2Config {
  std::vector<std::string> tags;
  bool tags_from_imds = false;
  std::uint64_t max_attempts = 3;
  Duration max_backoff = std::chrono::seconds(20);
  bool fail_on_missing_metadata = false;
  AttributeSwitches resource_attributes;

  Ec2Config();
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct EcsConfig {
  AttributeSwitches resource_attributes;

  EcsConfig();
  void fields(config::Fields& f);
};

struct EksConfig {
  AttributeSwitches resource_attributes;

  EksConfig();
  void fields(config::Fields& f);
};

// Of what the original gives, only the Kubernetes API knows `k8s.node.uid`: it can be switched off, not on.
struct K8sNodeAttributes {
  AttributeSwitches given;
  bool has_uid = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct K8sNodeConfig {
  std::string node_from_env_var = "K8S_NODE_NAME";
  K8sNodeAttributes resource_attributes;

  K8sNodeConfig();
  void fields(config::Fields& f);
};

struct ResourceDetectionConfig {
  std::vector<std::string> detectors = {"env"};
  bool override_present = true;
  Duration timeout = std::chrono::seconds(5);
  Duration refresh_interval{0};
  SystemConfig system;
  DockerConfig docker;
  Ec2Config ec2;
  EcsConfig ecs;
  EksConfig eks;
  K8sNodeConfig k8snode;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::resource_detection
