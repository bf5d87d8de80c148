// What is added for a pod: the names asked for, its labels and annotations, made once when the pod is heard of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubernetes/pod.hpp"
#include "kubernetes/pod_cache.hpp"
#include "processors/k8s_attributes/k8s_config.hpp"
#include "text/pattern.hpp"

namespace rankwire::k8s_attributes {

class PodRules {
 public:
  static Result<PodRules> compile(const ExtractConfig& extract, const ExcludeConfig& exclude);

  // Fills in all but what the pod is found by. The views are the pod's, or lie in `arena`.
  void describe(const kubernetes::Pod& pod, Arena& arena, kubernetes::KnownPod::Draft& draft) const;

 private:
  struct FieldRule {
    std::string key;
    std::optional<text::Pattern> pattern;  // Instead of the key.
    std::string name;                      // Of the attribute.
    std::string prefix;                    // Of the attribute, where the rest is the key.
    bool is_expanded = false;              // The name refers to groups of the pattern.
  };

  bool wants(std::string_view name) const;
  static Result<void> add_rules(const std::vector<FieldRuleConfig>& configs, std::string_view noun,
                                std::vector<FieldRule>& rules);
  void add_owners(const kubernetes::Pod& pod, kubernetes::KnownPod::Draft& draft) const;
  std::string_view deployment(const kubernetes::Pod& pod, const kubernetes::Owner& owner) const;
  void add_containers(const kubernetes::Pod& pod, Arena& arena, kubernetes::KnownPod::Draft& draft) const;
  void add_service(const kubernetes::Pod& pod, kubernetes::KnownPod::Draft& draft) const;
  std::string_view service_name(const kubernetes::Pod& pod) const;
  static void add_fields(const std::vector<FieldRule>& rules, const Attributes& fields, Arena& arena,
                         kubernetes::KnownPod::Draft& draft);
  bool is_ignored(const kubernetes::Pod& pod) const;

  std::vector<std::string> names_;  // Sorted.
  std::vector<FieldRule> labels_, annotations_;
  std::vector<text::Pattern> excluded_;
  bool deployment_by_name_ = false;
};

}  // namespace rankwire::k8s_attributes
