// What a series that was not known is: its labels after relabelling, checked, become a line of the table.
#include <array>

#include "exposition/target_state.hpp"
#include "otlp/utf8.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::string_view scope_prefix = "otel_scope_";

bool names_resource(std::string_view label) {
  return label == name_label || label == "job" || label == "instance" || label == "__scheme__" ||
         label == "__metrics_path__";
}

bool is_attribute(std::string_view label, MetricType type) {
  if (names_resource(label) || label.starts_with(scope_prefix)) return false;
  if (label == "le") return type != MetricType::histogram && type != MetricType::exponential_histogram;
  return label != "quantile" || type != MetricType::summary;
}

Error over(std::string_view limit, std::string_view metric, std::string_view what, std::size_t count, std::size_t max) {
  std::string message(limit);
  message.append(": ").append(what).append(" of ").append(metric.substr(0, 50));
  message.append(" is ").append(std::to_string(count)).append(", and may be ").append(std::to_string(max));
  return Error(ErrorKind::too_large, std::move(message));
}

}  // namespace

Result<std::uint32_t> Target::State::learn(std::uint64_t hash, std::uint32_t check_bits, Labels& labels,
                                           bool is_native) {
  const std::string_view name = value_of(labels, name_label);
  const std::string original(name);
  Line line{.hash = hash, .check = check_bits};
  const bool is_kept = (!run_name_.empty() || rules_->wants(name)) && rules_->relabel(labels, page_arena_);
  if (is_kept) {
    std::erase_if(labels, [](const Label& label) { return label.value.empty(); });
    sort_labels(labels);
    RANKWIRE_TRY(check(labels));
    if (!classify(labels, is_native, line)) return none;
    line.is_renamed = run_name_.empty() || value_of(labels, name_label) != original;
  }
  std::uint32_t id = table_->find(hash, check_bits);
  if (id == none) {
    id = table_->add_line(hash, check_bits);
  } else {
    line.seen = table_->lines[id].seen;
    line.is_live = false;
  }
  table_->lines[id] = line;
  return id;
}

Result<void> Target::State::check(const Labels& labels) const {
  const TargetLimits& limits = options_.limits;
  const std::string_view name = value_of(labels, name_label);
  if (name.empty()) return Error(ErrorKind::invalid, "a series without a metric name after relabelling");
  if (limits.labels_max != 0 && labels.size() > limits.labels_max)
    return over("label_limit", name, "the number of labels", labels.size(), limits.labels_max);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto& [label, value] = labels[i];
    if (label.empty() || !otlp::is_utf8(label) || !otlp::is_utf8(value))
      return Error(ErrorKind::invalid, "a label name that is empty, or a name or value that is not valid UTF-8");
    if (i != 0 && label == labels[i - 1].name)
      return Error(ErrorKind::invalid, "the label " + std::string(label) + " twice");
    if (limits.label_name_bytes_max != 0 && label.size() > limits.label_name_bytes_max)
      return over("label_name_length_limit", name, "the length of a label's name", label.size(),
                  limits.label_name_bytes_max);
    if (limits.label_value_bytes_max != 0 && value.size() > limits.label_value_bytes_max)
      return over("label_value_length_limit", name, "the length of a label's value", value.size(),
                  limits.label_value_bytes_max);
  }
  return {};
}

std::uint32_t Target::State::set_of(const Labels& labels, MetricType type) {
  pair_ids_.clear();
  for (const auto& [name, value] : labels)
    if (is_attribute(name, type)) pair_ids_.push_back(table_->pair(name, value));
  return pair_ids_.empty() ? none : table_->attributes_of(pair_ids_);
}

std::uint32_t Target::State::scope_of(const Labels& labels) {
  std::string_view name, version, schema_url;
  pair_ids_.clear();
  for (const auto& [label, value] : labels) {
    if (!label.starts_with(scope_prefix)) continue;
    if (label == "otel_scope_name")
      name = value;
    else if (label == "otel_scope_version")
      version = value;
    else if (label == "otel_scope_schema_url")
      schema_url = value;
    else
      pair_ids_.push_back(table_->pair(label.substr(scope_prefix.size()), value));
  }
  return table_->scope_of(name, version, schema_url, pair_ids_.empty() ? none : table_->attributes_of(pair_ids_));
}

// target_info and otel_scope_info describe a resource and a scope, and are no metrics.
bool Target::State::classify_info(const Labels& labels, std::string_view name, std::uint32_t resource, Line& line) {
  const bool is_target = name == "target_info";
  std::array<std::string_view, 3> scope;
  pair_ids_.clear();
  for (const auto& [label, value] : labels) {
    if (label == name_label || label == "job" || label == "instance") continue;
    if (!is_target && label == "otel_scope_name")
      scope[0] = value;
    else if (!is_target && label == "otel_scope_version")
      scope[1] = value;
    else if (!is_target && label == "otel_scope_schema_url")
      scope[2] = value;
    else
      pair_ids_.push_back(table_->pair(label, value));
  }
  const std::uint32_t set = pair_ids_.empty() ? none : table_->attributes_of(pair_ids_);
  const std::uint32_t stream = table_->stream_of(resource, table_->scope_of(scope[0], scope[1], scope[2], none));
  const std::uint32_t family = table_->family_of({.family = name, .described_as = name});
  line.group = table_->group_of(table_->metric_of(family, stream), set);
  line.part = is_target ? Part::target_info : Part::scope_info;
  return true;
}

bool Target::State::classify(const Labels& labels, bool is_native, Line& line) {
  const std::string_view name = value_of(labels, name_label);
  std::string_view job = value_of(labels, "job"), instance = value_of(labels, "instance");
  if (job.empty()) job = options_.job;
  if (instance.empty()) instance = options_.instance;
  const std::uint32_t resource = table_->resource_of(job, instance);
  if (name == "target_info" || name == "otel_scope_info") return classify_info(labels, name, resource, line);
  const Belonging belonging = metadata_.belonging_of(name, is_native);
  const bool is_created = name.size() == belonging.described_as.size() + 8 && name.ends_with("_created") &&
                          name.starts_with(belonging.described_as);
  const bool is_whole = belonging.type == MetricType::histogram || belonging.type == MetricType::summary;
  line.part = Part::value;
  if (is_native) {
    line.part = Part::native;
  } else if (is_whole && name.ends_with("_sum")) {
    line.part = Part::sum;
  } else if (is_whole && name.ends_with("_count")) {
    line.part = Part::count;
  } else if ((is_whole || belonging.type == MetricType::sum) && is_created) {
    line.part = Part::created;
  } else if (is_whole) {
    line.part = Part::bucket;
    if (!read_real(value_of(labels, belonging.type == MetricType::summary ? "quantile" : "le"), line.bound))
      return false;
  }
  const std::uint32_t scope = scope_of(labels);
  const std::uint32_t family = table_->family_of(belonging);
  const std::uint32_t metric = table_->metric_of(family, table_->stream_of(resource, scope));
  line.group = table_->group_of(metric, set_of(labels, belonging.type));
  return true;
}

}  // namespace rankwire::exposition
