#include "series/labels.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "otlp/value_text.hpp"

namespace rankwire::series {
namespace {

// Of a scope and of target_info; more are left out.
constexpr std::size_t attributes_max = 512;
constexpr std::string_view service_name = "service.name";
constexpr std::string_view service_namespace = "service.namespace";
constexpr std::string_view service_instance = "service.instance.id";

bool is_of_service(std::string_view key) {
  return key == service_name || key == service_namespace || key == service_instance;
}

bool by_name(const Label& a, const Label& b) { return a.name < b.name; }

const Label* find_label(const std::vector<Label>& labels, std::string_view name) {
  const auto at = std::find_if(labels.begin(), labels.end(), [&](const Label& label) { return label.name == name; });
  return at == labels.end() ? nullptr : &*at;
}

void put(std::vector<Label>& labels, Label label) {
  for (Label& each : labels)
    if (each.name == label.name) {
      each.value = label.value;
      return;
    }
  labels.push_back(label);
}

}  // namespace

std::string_view text_of(double number, Arena& arena) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char text[400];  // 1e308 has 309 digits.
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed).ptr;
  return arena.copy({text, static_cast<std::size_t>(end - text)});
}

LabelMaker::LabelMaker(const LabelRules& rules, Arena& arena) : rules_(rules), arena_(arena) {
  for (const auto& [name, value] : rules.external_labels)
    external_.push_back({arena.copy(label_name(name, rules.names)), value});
}

void LabelMaker::begin_resource(const Resource& resource) {
  resource_ = &resource;
  identifying_.clear();
  if (const Value* name = find(resource.attributes, service_name)) {
    std::string job(otlp::text_of(*name, arena_));
    if (const Value* of = find(resource.attributes, service_namespace))
      job = std::string(otlp::text_of(*of, arena_)) + "/" + job;
    identifying_.push_back({"job", arena_.copy(job)});
  }
  if (const Value* id = find(resource.attributes, service_instance))
    identifying_.push_back({"instance", otlp::text_of(*id, arena_)});
}

void LabelMaker::begin_scope(const Scope& scope, std::string_view schema_url) {
  scope_.clear();
  if (!rules_.has_scope_labels) return;
  for (const KeyValue& attribute : scope.attributes) {
    if (scope_.size() == attributes_max) break;
    const std::string key = "otel_scope_" + std::string(attribute.key);
    put(scope_, {arena_.copy(label_name(key, rules_.names)), otlp::text_of(attribute.value, arena_)});
  }
  if (!scope.name.empty()) put(scope_, {"otel_scope_name", scope.name});
  if (!scope.version.empty()) put(scope_, {"otel_scope_version", scope.version});
  if (!schema_url.empty()) put(scope_, {"otel_scope_schema_url", schema_url});
}

std::size_t LabelMaker::further_max() const {
  const std::size_t of_resource = resource_ != nullptr && rules_.has_resource_labels ? resource_->attributes.size() : 0;
  return of_resource + identifying_.size() + external_.size() + scope_.size();
}

// Keys that become the same name share it: their values are joined, in the order of the keys.
void LabelMaker::add_attributes(std::vector<Label>& to, const Attributes& attributes) {
  scratch_.clear();
  for (const KeyValue& attribute : attributes)
    scratch_.push_back({attribute.key, otlp::text_of(attribute.value, arena_)});
  std::stable_sort(scratch_.begin(), scratch_.end(), by_name);
  const std::size_t before = to.size();
  for (const Label& each : scratch_) {
    const std::string name = label_name(each.name, rules_.names);
    if (name.empty()) continue;
    const auto same = std::find_if(to.begin() + static_cast<std::ptrdiff_t>(before), to.end(),
                                   [&](const Label& label) { return label.name == name; });
    if (same == to.end())
      to.push_back({name == each.name ? each.name : arena_.copy(name), each.value});
    else
      same->value = arena_.copy(std::string(same->value) + ";" + std::string(each.value));
  }
}

// Those of the user give way, those of the target and the scope do not.
void LabelMaker::finish(std::vector<Label>& labels) const {
  for (const Label& label : identifying_) put(labels, label);
  for (const Label& label : external_)
    if (find_label(labels, label.name) == nullptr) labels.push_back(label);
}

const std::vector<Label>& LabelMaker::of_point(const Attributes& attributes) {
  point_.clear();
  if (rules_.has_resource_labels && resource_ != nullptr) {
    Attributes all;
    for (const KeyValue& attribute : resource_->attributes)
      if ((rules_.are_service_attributes_kept || !is_of_service(attribute.key)) &&
          (!rules_.is_resource_label || rules_.is_resource_label(attribute.key)))
        all.push(arena_, attribute);
    for (const KeyValue& attribute : attributes)
      if (find(all, attribute.key) == nullptr) all.push(arena_, attribute);
    add_attributes(point_, all);
  } else {
    add_attributes(point_, attributes);
  }
  finish(point_);
  for (const Label& label : scope_) put(point_, label);
  std::erase_if(point_, [](const Label& label) { return label.value.empty() || label.name.empty(); });
  std::sort(point_.begin(), point_.end(), by_name);
  return point_;
}

std::vector<Label> LabelMaker::of_target() {
  std::vector<Label> labels;
  if (resource_ == nullptr || identifying_.empty()) return labels;
  Attributes rest;
  for (const KeyValue& attribute : resource_->attributes)
    if (!is_of_service(attribute.key) && rest.size() < attributes_max) rest.push(arena_, attribute);
  if (rest.empty()) return labels;
  add_attributes(labels, rest);
  finish(labels);
  std::erase_if(labels, [](const Label& label) { return label.value.empty() || label.name.empty(); });
  std::sort(labels.begin(), labels.end(), by_name);
  return labels;
}

List<Label> LabelMaker::with(const std::vector<Label>& labels, std::string_view name, Label further) const {
  Label more[] = {{"__name__", name}, further};
  const std::size_t more_count = further.name.empty() ? 1 : 2;
  std::sort(more, more + more_count, by_name);
  List<Label> all;
  all.reserve(arena_, static_cast<std::uint32_t>(labels.size() + more_count));
  std::size_t at = 0;
  for (const Label& label : labels) {
    for (; at < more_count && more[at].name < label.name; ++at) all.push(arena_, more[at]);
    const bool is_replaced = label.name == "__name__" || (more_count == 2 && label.name == further.name);
    if (!is_replaced) all.push(arena_, label);
  }
  for (; at < more_count; ++at) all.push(arena_, more[at]);
  return all;
}

}  // namespace rankwire::series
