// The labels of a series as text. Views: into the page, or into the arena that whoever changes them was given.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace rankwire::exposition {

inline constexpr std::string_view name_label = "__name__";

struct Label {
  std::string_view name, value;
  friend bool operator==(const Label&, const Label&) = default;
};

// Sorted by name, without empty values; the metric's name is the label "__name__".
using Labels = std::vector<Label>;

// The value of a label; empty if it is absent, which is the same.
inline std::string_view value_of(const Labels& labels, std::string_view name) {
  for (const Label& label : labels)
    if (label.name == name) return label.value;
  return {};
}

inline void sort_labels(Labels& labels) {
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
}

}  // namespace rankwire::exposition
