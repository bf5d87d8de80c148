// What a user writes about load balancing.
#pragma once

#include "component/otlp_grpc_client.hpp"

namespace rankwire::load_balancing {

enum class RoutingKey : std::uint8_t { automatic, trace_id, service, resource, metric, stream_id, attributes };

struct StaticConfig {
  std::vector<std::string> hostnames;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct DnsConfig {
  std::string hostname;
  std::string port;  // Empty: 4317.
  Duration interval = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(1);

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct KubernetesConfig {
  std::string service;  // "name" or "name.namespace".
  std::vector<std::string> ports = {"4317"};
  bool return_hostnames = false;
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ResolverConfig {
  std::optional<StaticConfig> static_;
  std::optional<DnsConfig> dns;
  std::optional<KubernetesConfig> kubernetes;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ProtocolConfig {
  OtlpGrpcConfig otlp;

  ProtocolConfig();
  void fields(config::Fields& f);
};

struct LoadBalancingConfig {
  ProtocolConfig protocol;
  ResolverConfig resolver;
  RoutingKey routing_key = RoutingKey::automatic;
  std::vector<std::string> routing_attributes;
  bool fail_over = true;
  Duration timeout{0};  // 0: the protocol's.
  std::optional<QueueConfig> sending_queue;
  std::optional<RetryConfig> retry_on_failure;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  // For each destination: with `timeout`, which wins.
  OtlpGrpcConfig client() const;
  // In front of all of them: settings at the top win over those of the protocol.
  DeliveryPolicy delivery(const ClientAuthenticator* authenticator) const;
};

// "host", "host:port", "[::1]:port", with http:// or https:// or not; without a port it is 4317.
Result<GrpcTarget> target_of(std::string endpoint, bool is_insecure);

}  // namespace rankwire::load_balancing
