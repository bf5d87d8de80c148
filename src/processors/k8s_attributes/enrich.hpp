// What is known of a pod, into the attributes of a resource. What a resource says itself is never replaced.
#pragma once

#include "kubernetes/pod_cache.hpp"

namespace rankwire::k8s_attributes {

struct ContainerNames {
  bool wants_name = false;  // k8s.container.name
  bool wants_id = false;    // container.id
};

// Inserts, or replaces what is empty. The value is copied.
void add_text(Attributes& attributes, Arena& arena, std::string_view key, std::string_view value);
void enrich(Attributes& attributes, Arena& arena, const kubernetes::KnownPod& pod, const ContainerNames& names);

}  // namespace rankwire::k8s_attributes
