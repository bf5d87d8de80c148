#include "receivers/kubelet_stats/pod_facts.hpp"

#include <charconv>
#include <cmath>

#include "kubernetes/pod.hpp"

namespace rankwire::kubelet_stats {
namespace {

using kubernetes::at;
using kubernetes::text_at;

struct Suffix {
  std::string_view text;
  double factor;
};

constexpr double kibi = 1024;
constexpr Suffix suffixes[] = {{"", 1},
                               {"n", 1e-9},
                               {"u", 1e-6},
                               {"m", 1e-3},
                               {"k", 1e3},
                               {"M", 1e6},
                               {"G", 1e9},
                               {"T", 1e12},
                               {"P", 1e15},
                               {"E", 1e18},
                               {"Ki", kibi},
                               {"Mi", kibi* kibi},
                               {"Gi", kibi* kibi* kibi},
                               {"Ti", kibi* kibi* kibi* kibi},
                               {"Pi", kibi* kibi* kibi* kibi* kibi},
                               {"Ei", kibi* kibi* kibi* kibi* kibi* kibi}};

List<Value> items_at(const Value& object, std::initializer_list<std::string_view> path) {
  const Value* found = at(object, path);
  return found != nullptr && found->type() == ValueType::array ? found->items() : List<Value>();
}

// Kubernetes writes quantities as texts, and takes numbers too.
double quantity_at(const Value& resources, std::initializer_list<std::string_view> path) {
  const Value* found = at(resources, path);
  if (found == nullptr) return 0;
  double number = 0;
  if (found->is_text()) number = parse_quantity(found->text()).value_or(0);
  if (found->type() == ValueType::integer) number = static_cast<double>(found->integer());
  if (found->type() == ValueType::real) number = found->real();
  return number > 0 ? number : 0;
}

// Once one says nothing, the sum says nothing.
void add(double& sum, double part, bool& is_complete) {
  is_complete = is_complete && part > 0;
  sum = is_complete ? sum + part : 0;
}

std::string number_text(const Value* number) {
  return std::to_string(number != nullptr && number->type() == ValueType::integer ? number->integer() : 0);
}

bool add_disk(VolumeFacts& facts, const Value& source, std::string_view type, std::string_view id_key,
              ResourceAttribute id) {
  const Value* found = at(source, {type});
  if (found == nullptr) return false;
  facts.attributes = {{ResourceAttribute::volume_type, std::string(type)},
                      {id, std::string(text_at(*found, {id_key}))},
                      {ResourceAttribute::fs_type, std::string(text_at(*found, {"fsType"}))},
                      {ResourceAttribute::partition, number_text(at(*found, {"partition"}))}};
  return true;
}

// Of storage that pods and persistent volumes name in the same way.
bool add_storage(VolumeFacts& facts, const Value& source) {
  if (add_disk(facts, source, "awsElasticBlockStore", "volumeID", ResourceAttribute::aws_volume_id)) return true;
  if (add_disk(facts, source, "gcePersistentDisk", "pdName", ResourceAttribute::gce_pd_name)) return true;
  const Value* glusterfs = at(source, {"glusterfs"});
  if (glusterfs == nullptr) return false;
  facts.attributes = {{ResourceAttribute::volume_type, "glusterfs"},
                      {ResourceAttribute::glusterfs_endpoints_name, std::string(text_at(*glusterfs, {"endpoints"}))},
                      {ResourceAttribute::glusterfs_path, std::string(text_at(*glusterfs, {"path"}))}};
  return true;
}

VolumeFacts facts_of_volume(const Value& volume) {
  VolumeFacts facts;
  constexpr std::string_view plain[] = {"configMap", "downwardAPI", "emptyDir", "secret", "hostPath"};
  for (const std::string_view type : plain)
    if (at(volume, {type}) != nullptr) facts.attributes = {{ResourceAttribute::volume_type, std::string(type)}};
  if (const Value* claim = at(volume, {"persistentVolumeClaim"}))
    facts.attributes = {{ResourceAttribute::volume_type, "persistentVolumeClaim"},
                        {ResourceAttribute::claim_name, std::string(text_at(*claim, {"claimName"}))}};
  else if (facts.attributes.empty())
    add_storage(facts, volume);
  return facts;
}

void add_containers(PodFacts& facts, const Value& pod) {
  bool has_cpu_limits = true, has_memory_limits = true, has_cpu_requests = true, has_memory_requests = true;
  for (const Value& container : items_at(pod, {"spec", "containers"})) {
    ContainerFacts& one = facts.containers[std::string(text_at(container, {"name"}))];
    one.limit = {quantity_at(container, {"resources", "limits", "cpu"}),
                 quantity_at(container, {"resources", "limits", "memory"})};
    one.request = {quantity_at(container, {"resources", "requests", "cpu"}),
                   quantity_at(container, {"resources", "requests", "memory"})};
    add(facts.limit.cpu, one.limit.cpu, has_cpu_limits);
    add(facts.limit.memory, one.limit.memory, has_memory_limits);
    add(facts.request.cpu, one.request.cpu, has_cpu_requests);
    add(facts.request.memory, one.request.memory, has_memory_requests);
  }
  for (const std::string_view statuses : {"containerStatuses", "initContainerStatuses"}) {
    for (const Value& status : items_at(pod, {"status", statuses})) {
      std::string_view id = text_at(status, {"containerID"});
      if (const std::size_t scheme = id.find("://"); scheme != std::string_view::npos) id.remove_prefix(scheme + 3);
      facts.containers[std::string(text_at(status, {"name"}))].id = id;
    }
  }
}

}  // namespace

std::optional<double> parse_quantity(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || !std::isfinite(number)) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Suffix& suffix : suffixes)
    if (text == suffix.text) return number * suffix.factor;
  return {};
}

VolumeFacts facts_of_persistent_volume(const Value& spec) {
  VolumeFacts facts;
  if (at(spec, {"local"}) != nullptr)
    facts.attributes = {{ResourceAttribute::volume_type, "local"}};
  else
    add_storage(facts, spec);
  return facts;
}

void PodTable::take(const Value& pod, const FindClaim& find_claim) {
  const std::string uid(text_at(pod, {"metadata", "uid"}));
  if (uid.empty()) return;
  PodFacts& facts = pods_[uid];
  facts = {};
  add_containers(facts, pod);
  for (const Value& volume : items_at(pod, {"spec", "volumes"})) {
    const std::string name(text_at(volume, {"name"}));
    VolumeFacts found = facts_of_volume(volume);
    if (const std::string_view claim = text_at(volume, {"persistentVolumeClaim", "claimName"});
        find_claim && !claim.empty()) {
      const auto more = find_claim(uid + "/" + name, text_at(pod, {"metadata", "namespace"}), claim);
      if (!more) continue;
      // What the claim stands for says more of the type than that it is a claim.
      for (const auto& one : more->attributes) {
        std::erase_if(found.attributes, [&](const auto& other) { return other.first == one.first; });
        found.attributes.push_back(one);
      }
    }
    facts.volumes[name] = std::move(found);
  }
}

const PodFacts* PodTable::find(std::string_view uid) const {
  const auto found = pods_.find(std::string(uid));
  return found == pods_.end() ? nullptr : &found->second;
}

}  // namespace rankwire::kubelet_stats
