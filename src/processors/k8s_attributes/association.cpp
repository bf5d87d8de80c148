#include "processors/k8s_attributes/association.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace rankwire::k8s_attributes {
namespace {

// Sources that a pod has several of (containers) may multiply.
constexpr std::size_t keys_max = 1024;

bool is_address(std::string_view text) {
  const std::string whole(text);
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, whole.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, whole.c_str(), bytes) == 1;
}

std::string_view text_of(const Attributes& attributes, std::string_view key) {
  const Value* found = find(attributes, key);
  return found != nullptr && found->is_text() ? found->text() : std::string_view();
}

}  // namespace

std::string_view address_of_sender(std::string_view peer) {
  if (peer.starts_with('[') && peer.ends_with(']')) peer = peer.substr(1, peer.size() - 2);
  constexpr std::string_view mapped = "::ffff:";
  if (peer.starts_with(mapped) && peer.find('.') != std::string_view::npos) peer.remove_prefix(mapped.size());
  return is_address(peer) ? peer : std::string_view();
}

Association::Association(const std::vector<AssociationConfig>& configured) {
  if (configured.empty()) {
    const Identity by_uid = identity_of(std::string_view("uid")), by_address = identity_of(std::string_view("address"));
    rules_.push_back({{{From::attribute, "k8s.pod.uid"}}, by_uid});
    for (const char* name : {"k8s.pod.ip", "ip"}) rules_.push_back({{{From::address_attribute, name}}, by_address});
    rules_.push_back({{{From::connection, ""}}, by_address});
    rules_.push_back({{{From::address_attribute, "host.name"}}, by_address});
    return;
  }
  for (const AssociationConfig& config : configured) {
    Rule rule;
    rule.seed = identity_of(std::string_view("rule " + std::to_string(rules_.size())));
    for (const SourceConfig& source : config.sources)
      rule.sources.push_back({source.from == SourceKind::connection ? From::connection : From::attribute, source.name});
    rules_.push_back(std::move(rule));
  }
}

std::optional<PodKey> Association::key_of(const Attributes& resource, std::string_view sender) const {
  for (const Rule& rule : rules_) {
    PodKey found{rule.seed, {}};
    bool is_whole = true;
    for (const Source& source : rule.sources) {
      const std::string_view value = source.from == From::connection ? sender : text_of(resource, source.name);
      is_whole = !value.empty() && (source.from != From::address_attribute || is_address(value));
      if (!is_whole) break;
      if (source.from != From::attribute) found.address = value;
      found.key = joined(found.key, identity_of(value));
    }
    if (is_whole) return found;
  }
  return {};
}

std::vector<std::string_view> Association::values_of(const Source& source, const kubernetes::Pod& pod,
                                                     const kubernetes::KnownPod::Draft& draft) {
  const bool has_own_address = !pod.is_host_network && !pod.is_finished;
  const std::string_view address = has_own_address ? pod.ip : std::string_view();
  const std::string_view name = source.name;
  std::vector<std::string_view> values;
  const auto add = [&](std::string_view value) {
    if (!value.empty()) values.push_back(value);
  };
  if (source.from != From::attribute || name == "k8s.pod.ip" || name == "ip") {
    add(address);
  } else if (name == "k8s.pod.uid") {
    add(pod.uid);
  } else if (name == "k8s.pod.name") {
    add(pod.name);
  } else if (name == "k8s.namespace.name") {
    add(pod.namespace_name);
  } else if (name == "k8s.node.name") {
    add(pod.node_name);
  } else if (name == "host.name") {
    add(pod.hostname);
  } else if (name == "container.id") {
    for (const kubernetes::Container& container : pod.containers) {
      add(container.id);
      add(container.previous_id);
    }
  } else {
    for (const KeyValue& attribute : draft.attributes)
      if (attribute.key == name) add(attribute.value.text());
  }
  return values;
}

void Association::add_keys(const kubernetes::Pod& pod, kubernetes::KnownPod::Draft& draft) const {
  for (const Rule& rule : rules_) {
    std::vector<Identity> keys = {rule.seed};
    for (const Source& source : rule.sources) {
      std::vector<Identity> longer;
      for (const Identity& key : keys)
        for (const std::string_view value : values_of(source, pod, draft))
          if (longer.size() < keys_max) longer.push_back(joined(key, identity_of(value)));
      keys = std::move(longer);
    }
    for (const Identity& key : keys)
      if (std::find(draft.keys.begin(), draft.keys.end(), key) == draft.keys.end()) draft.keys.push_back(key);
  }
}

}  // namespace rankwire::k8s_attributes
