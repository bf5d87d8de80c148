#include "processors/k8s_attributes/enrich.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace rankwire::k8s_attributes {
namespace {

using kubernetes::KnownContainer;
using kubernetes::KnownPod;

std::string_view text_of(const Attributes& attributes, std::string_view key) {
  const Value* found = find(attributes, key);
  return found != nullptr && found->is_text() ? found->text() : std::string_view();
}

// file_log's path gives a text, others a number.
std::optional<std::int64_t> run_of(const Attributes& attributes) {
  const Value* found = find(attributes, "k8s.container.restart_count");
  if (found == nullptr) return {};
  if (found->type() == ValueType::integer) return found->integer();
  if (!found->is_text()) return {};
  std::int64_t number = 0;
  const std::string_view text = found->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// By name, else by id; a pod with one container needs neither.
const KnownContainer* container_of(const Attributes& attributes, const KnownPod& pod) {
  const auto& all = pod.containers();
  const auto find_if = [&](const auto& matches) -> const KnownContainer* {
    const auto found = std::find_if(all.begin(), all.end(), matches);
    return found == all.end() ? nullptr : &*found;
  };
  if (const std::string_view name = text_of(attributes, "k8s.container.name"); !name.empty())
    return find_if([&](const KnownContainer& one) { return one.name == name; });
  if (const std::string_view id = text_of(attributes, "container.id"); !id.empty())
    return find_if([&](const KnownContainer& one) { return one.id == id || one.previous_id == id; });
  return all.size() == 1 ? &all.front() : nullptr;
}

std::string_view id_of_run(const KnownContainer& container, std::optional<std::int64_t> run) {
  if (!run || *run == container.restart_count) return container.id;
  return *run == container.restart_count - 1 ? container.previous_id : std::string_view();
}

}  // namespace

void add_text(Attributes& attributes, Arena& arena, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  const Value* present = find(attributes, key);
  const bool is_empty =
      present == nullptr || present->type() == ValueType::empty || (present->is_text() && present->text().empty());
  if (is_empty) set(attributes, arena, arena.copy(key), Value::of(arena.copy(value)));
}

void enrich(Attributes& attributes, Arena& arena, const KnownPod& pod, const ContainerNames& names) {
  if (pod.is_ignored()) return;
  for (const KeyValue& entry : pod.attributes()) add_text(attributes, arena, entry.key, entry.value.text());
  const KnownContainer* container = container_of(attributes, pod);
  if (container == nullptr) return;
  if (names.wants_name) add_text(attributes, arena, "k8s.container.name", container->name);
  add_text(attributes, arena, "container.image.name", container->image_name);
  add_text(attributes, arena, "container.image.tag", container->image_tag);
  add_text(attributes, arena, "service.version", container->service_version);
  add_text(attributes, arena, "service.instance.id", container->service_instance_id);
  const std::optional<std::int64_t> run = run_of(attributes);
  if (names.wants_id) add_text(attributes, arena, "container.id", id_of_run(*container, run));
  // The digest is that of the run that the pod tells of.
  const bool is_current = !run || *run == container->restart_count;
  if (is_current && !container->image_digest.empty() && find(attributes, "container.image.repo_digests") == nullptr) {
    List<Value> digests;
    digests.push(arena, Value::of(arena.copy(container->image_digest)));
    set(attributes, arena, "container.image.repo_digests", Value::of(digests));
  }
}

}  // namespace rankwire::k8s_attributes
