// How a resource tells its pod. The same rules give the keys by which a pod is found, and the key of a resource.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubernetes/pod.hpp"
#include "kubernetes/pod_cache.hpp"
#include "processors/k8s_attributes/k8s_config.hpp"

namespace rankwire::k8s_attributes {

// Of a resource.
struct PodKey {
  Identity key;
  std::string_view
      address;  // What told it was an address: it becomes k8s.pod.ip. A view of the resource or the client.
};

class Association {
 public:
  explicit Association(const std::vector<AssociationConfig>& configured);

  // By the first rule whose sources are all there; nothing: there is no such rule. `sender` may be empty.
  std::optional<PodKey> key_of(const Attributes& resource, std::string_view sender) const;
  // The keys by which `pod` is found; after its attributes were described.
  void add_keys(const kubernetes::Pod& pod, kubernetes::KnownPod::Draft& draft) const;

 private:
  enum class From : std::uint8_t { attribute, address_attribute, connection };
  struct Source {
    From from = From::attribute;
    std::string name;
  };
  struct Rule {
    std::vector<Source> sources;
    Identity seed;  // Rules with the same one look at the same keys.
  };

  static std::vector<std::string_view> values_of(const Source& source, const kubernetes::Pod& pod,
                                                 const kubernetes::KnownPod::Draft& draft);

  std::vector<Rule> rules_;
};

// The address of who sent a batch, as pods have it: without brackets, and IPv4 as such.
std::string_view address_of_sender(std::string_view peer);

}  // namespace rankwire::k8s_attributes
