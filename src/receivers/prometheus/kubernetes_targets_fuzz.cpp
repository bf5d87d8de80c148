// Any JSON object as an object of the Kubernetes API: what is kept of it gives the same targets as the whole.
#include "kubernetes/object_watch.hpp"
#include "receivers/prometheus/kubernetes_targets.hpp"
#include "text/encoding.hpp"
#include "text/json_value.hpp"

using namespace rankwire;
using namespace rankwire::prometheus;

namespace {

// Every reference leads to the object itself.
class Mirror final : public KubernetesLookup {
 public:
  explicit Mirror(const Value& object) : object_(object) {}
  const Value* find(KubernetesKind, std::string_view) override { return &object_; }

 private:
  const Value& object_;
};

bool read(std::string_view json, Arena& arena, Value& value) {
  return text::read_json_object(json, text::NumberForm::integer_where_exact, arena, value);
}

std::string described(const TargetGroup& group) {
  std::string text = group.source;
  const auto add = [&](const OwnedLabels& labels) {
    for (const auto& [name, value] : labels) text += "\n" + name + "=" + value;
    text += "\n";
  };
  add(group.labels);
  for (const OwnedLabels& target : group.targets) add(target);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  Arena arena;
  Value whole, kept;
  if (size > 20'000 || !text::is_valid_utf8(json) || !read(json, arena, whole)) return 0;
  if (!read(essence_of(whole, arena), arena, kept)) __builtin_trap();
  if (key_of(whole) != key_of(kept)) __builtin_trap();
  Mirror of_whole(whole), of_kept(kept);
  for (const KubernetesKind role : {KubernetesKind::pod, KubernetesKind::service, KubernetesKind::endpoints,
                                    KubernetesKind::endpointslice, KubernetesKind::node, KubernetesKind::ingress}) {
    const AttachedMetadata attached{.node = true, .name_space = true};
    if (described(targets_of(role, whole, attached, of_whole)) != described(targets_of(role, kept, attached, of_kept)))
      __builtin_trap();
  }
  return 0;
}
