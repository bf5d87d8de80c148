// What relabelling and targets do to labels. Views into an arena, as exposition/labels.hpp has them.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "exposition/labels.hpp"

namespace rankwire::prometheus {

using exposition::Label;
using exposition::Labels;
using exposition::value_of;
// Labels that outlive what they were read from.
using OwnedLabels = std::vector<std::pair<std::string, std::string>>;

// An empty value is none. Both must outlive the labels.
inline void set(Labels& labels, std::string_view name, std::string_view value) {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const Label& one) { return one.name == name; });
  if (found == labels.end()) {
    if (!value.empty()) labels.push_back({name, value});
  } else if (value.empty()) {
    labels.erase(found);
  } else {
    found->value = value;
  }
}

inline void set_owned(OwnedLabels& labels, std::string_view name, std::string value) {
  for (auto& [own, text] : labels)
    if (own == name) {
      text = std::move(value);
      return;
    }
  labels.emplace_back(name, std::move(value));
}

}  // namespace rankwire::prometheus
