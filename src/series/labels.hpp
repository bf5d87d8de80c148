// Labels of a data point: its attributes, what the resource and the scope add, and what the user adds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "series/metric_name.hpp"
#include "series/series.hpp"

namespace rankwire::series {

struct LabelRules {
  NameRules names;
  std::vector<std::pair<std::string, std::string>> external_labels;
  bool has_resource_labels = false;         // Every attribute of the resource is a label.
  bool are_service_attributes_kept = true;  // Among these also those that job and instance are made of.
  std::function<bool(std::string_view key)> is_resource_label;  // Among these again; null: all.
  bool has_scope_labels = true;
};

// Of a bucket's bound or a quantile.
std::string_view text_of(double number, Arena& arena);

class LabelMaker {
 public:
  LabelMaker(const LabelRules& rules, Arena& arena);

  void begin_resource(const Resource& resource);
  void begin_scope(const Scope& scope, std::string_view schema_url);
  // How many labels a point may get beside its attributes.
  std::size_t further_max() const;
  // Sorted, without the name of the series; valid until the next call.
  const std::vector<Label>& of_point(const Attributes& attributes);
  // What identifies the resource and everything else about it; empty if there is nothing of either.
  std::vector<Label> of_target();
  // A copy in the arena with these two more; `further` may be without a name.
  List<Label> with(const std::vector<Label>& labels, std::string_view name, Label further) const;

  const LabelRules& rules() const { return rules_; }
  Arena& arena() { return arena_; }

 private:
  void add_attributes(std::vector<Label>& to, const Attributes& attributes);
  void finish(std::vector<Label>& labels) const;

  const LabelRules& rules_;
  Arena& arena_;
  std::vector<Label> external_;
  const Resource* resource_ = nullptr;
  std::vector<Label> identifying_;  // job and instance.
  std::vector<Label> scope_;
  std::vector<Label> point_, scratch_;
};

}  // namespace rankwire::series
