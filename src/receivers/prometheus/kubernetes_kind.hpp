// The kinds of objects of Kubernetes that targets are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rankwire::prometheus {

enum class KubernetesKind : std::uint8_t { pod, service, endpoints, endpointslice, node, ingress, name_space };

// "pod"; as roles and labels have it.
std::string_view to_string(KubernetesKind kind);
// Nothing for what is no role; a namespace is none.
std::optional<KubernetesKind> role_of(std::string_view text);

}  // namespace rankwire::prometheus
