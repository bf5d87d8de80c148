// The detectors there are.
#pragma once

#include "processors/resource_detection/detection_config.hpp"
#include "processors/resource_detection/detector.hpp"

namespace rankwire::resource_detection {

// OTEL_RESOURCE_ATTRIBUTES.
std::unique_ptr<Detector> make_env_detector(const Surroundings& surroundings);
// This machine, or container, as the system describes it.
std::unique_ptr<Detector> make_system_detector(const SystemConfig& config, const Surroundings& surroundings);
// The Docker daemon, over its socket.
std::unique_ptr<Detector> make_docker_detector(const DockerConfig& config, const Surroundings& surroundings);
// The EC2 instance, by its metadata service.
std::unique_ptr<Detector> make_ec2_detector(const Ec2Config& config, const Surroundings& surroundings);
// The ECS task, by its metadata endpoint (version 4, else 3).
std::unique_ptr<Detector> make_ecs_detector(const EcsConfig& config, const Surroundings& surroundings);
// The EKS node; whether it is one is told by variables and the service account, without the Kubernetes API.
std::unique_ptr<Detector> make_eks_detector(const EksConfig& config, const Surroundings& surroundings);
// The Kubernetes node, by a variable.
std::unique_ptr<Detector> make_k8snode_detector(const K8sNodeConfig& config, const Surroundings& surroundings);

}  // namespace rankwire::resource_detection
