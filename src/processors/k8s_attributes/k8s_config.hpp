// What the k8s_attributes processor can be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::k8s_attributes {

enum class Authentication : int { none, service_account, kube_config, tls };
enum class ObjectKind : int { pod, namespace_, node, deployment, stateful_set, daemon_set, job };
enum class FilterOperation : int { equals, not_equals, exists, does_not_exist };
enum class SourceKind : int { resource_attribute, connection };

struct FieldRuleConfig {
  std::string tag_name, key, key_regex;
  ObjectKind from = ObjectKind::pod;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ExtractConfig {
  std::vector<std::string> metadata;
  std::vector<FieldRuleConfig> labels, annotations;
  bool otel_annotations = false;
  bool deployment_name_from_replicaset = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct FieldFilterConfig {
  std::string key, value;
  FilterOperation op = FilterOperation::equals;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct FilterConfig {
  std::string node, node_from_env_var, namespace_name;
  std::vector<FieldFilterConfig> fields_, labels;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct SourceConfig {
  SourceKind from = SourceKind::resource_attribute;
  std::string name;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct AssociationConfig {
  std::vector<SourceConfig> sources;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ExcludedPodConfig {
  std::string name;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ExcludeConfig {
  std::vector<ExcludedPodConfig> pods = {{"jaeger-agent"}, {"jaeger-collector"}};

  void fields(config::Fields& f);
};

struct K8sAttributesConfig {
  Authentication auth_type = Authentication::service_account;
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  bool passthrough = false;
  ExtractConfig extract;
  FilterConfig filter;
  std::vector<AssociationConfig> pod_association;
  ExcludeConfig exclude;
  bool wait_for_metadata = false;
  Duration wait_for_metadata_timeout = std::chrono::seconds(10);
  Duration pod_delete_grace_period = std::chrono::seconds(120);
  Duration max_hold = std::chrono::milliseconds(500);
  Bytes max_held_size = 16_MiB;
  Bytes max_cache_size = 32_MiB;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Every name that `extract.metadata` may have.
bool is_metadata_name(std::string_view name);

}  // namespace rankwire::k8s_attributes
