#include "exposition/metadata.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::uint32_t kept_scrapes = 10;

constexpr std::pair<std::string_view, std::string_view> scrape_series[] = {
    {"up", "The scraping was successful"},
    {"scrape_duration_seconds", "Duration of the scrape"},
    {"scrape_samples_scraped", "The number of samples the target exposed"},
    {"scrape_series_added", "The approximate number of new series in this scrape"},
    {"scrape_samples_post_metric_relabeling", "The number of samples remaining after metric relabeling was applied"},
};

constexpr std::pair<std::string_view, std::string_view> units[] = {
    {"days", "d"},          {"hours", "h"},        {"minutes", "min"},   {"seconds", "s"},      {"milliseconds", "ms"},
    {"microseconds", "us"}, {"nanoseconds", "ns"}, {"bytes", "By"},      {"kibibytes", "KiBy"}, {"mebibytes", "MiBy"},
    {"gibibytes", "GiBy"},  {"tibibytes", "TiBy"}, {"kilobytes", "KBy"}, {"megabytes", "MBy"},  {"gigabytes", "GBy"},
    {"terabytes", "TBy"},   {"meters", "m"},       {"volts", "V"},       {"amperes", "A"},      {"joules", "J"},
    {"watts", "W"},         {"grams", "g"},        {"celsius", "Cel"},   {"hertz", "Hz"},       {"ratio", "1"},
    {"percent", "%"},
};
constexpr std::pair<std::string_view, std::string_view> per_units[] = {
    {"second", "s"}, {"minute", "m"}, {"hour", "h"}, {"day", "d"}, {"week", "w"}, {"month", "mo"}, {"year", "y"},
};

template <std::size_t n>
std::string_view word_of(const std::pair<std::string_view, std::string_view> (&words)[n], std::string_view word) {
  for (const auto& [text, code] : words)
    if (text == word) return code;
  return word;
}

// Without the suffix that a part of a family has.
std::string_view without_suffix(std::string_view name) {
  for (const std::string_view suffix : {"_bucket", "_count", "_sum", "_total", "_info", "_created"})
    if (name.ends_with(suffix) && name.size() != suffix.size()) return name.substr(0, name.size() - suffix.size());
  return name;
}

void set_metric_type(Belonging& to, bool is_native) {
  switch (to.family_type) {
    case FamilyType::counter:
      to.type = MetricType::sum;
      to.is_monotonic = true;
      break;
    case FamilyType::histogram: to.type = is_native ? MetricType::exponential_histogram : MetricType::histogram; break;
    case FamilyType::summary: to.type = MetricType::summary; break;
    case FamilyType::info:
    case FamilyType::stateset: to.type = MetricType::sum; break;
    default: to.type = MetricType::gauge;
  }
}

}  // namespace

Metadata::Family& Metadata::at(std::string_view family, std::uint32_t scrape) {
  auto found = families_.find(family);
  if (found == families_.end()) {
    found = families_.emplace(family, Family()).first;
    bytes_ += family.size() + sizeof(Family) + 64;
    ++version_;
    changed_in_ = scrape;
  }
  found->second.seen = scrape;
  return found->second;
}

void Metadata::set_type(std::string_view family, FamilyType type, std::uint32_t scrape) {
  Family& known = at(family, scrape);
  if (known.type == type) return;
  known.type = type;
  ++version_;
  changed_in_ = scrape;
}

void Metadata::set_help(std::string_view family, std::string_view help, bool has_escaped_quotes, std::uint32_t scrape) {
  Family& known = at(family, scrape);
  known.has_escaped_quotes = has_escaped_quotes;
  if (known.help == help) return;
  bytes_ += help.size() - known.help.size();
  known.help = help;
}

void Metadata::set_unit(std::string_view family, std::string_view unit, std::uint32_t scrape) {
  Family& known = at(family, scrape);
  if (known.unit == unit) return;
  bytes_ += unit.size() - known.unit.size();
  known.unit = unit;
}

void Metadata::expire(std::uint32_t scrape) {
  for (auto at = families_.begin(); at != families_.end();) {
    if (scrape - at->second.seen <= kept_scrapes) {
      ++at;
      continue;
    }
    bytes_ -= at->first.size() + at->second.help.size() + at->second.unit.size() + sizeof(Family) + 64;
    at = families_.erase(at);
    ++version_;
    changed_in_ = scrape;
  }
}

const Metadata::Family* Metadata::find(std::string_view family) const {
  const auto found = families_.find(family);
  return found == families_.end() ? nullptr : &found->second;
}

Belonging Metadata::belonging_of(std::string_view name, bool is_native) const {
  Belonging to{.family = name, .described_as = name};
  if (!scrape_series_help(name).empty()) {
    to.family_type = FamilyType::gauge;
  } else if (const Family* known = find(name)) {
    to.family_type = known->type;
  } else if (const std::string_view shorter = without_suffix(name); (known = find(shorter)) != nullptr) {
    to.family_type = known->type;
    to.described_as = shorter;
    to.is_created_of_total = known->type == FamilyType::counter && name.ends_with("_created");
    if (known->type != FamilyType::counter || to.is_created_of_total) to.family = shorter;
  }
  if (is_native) to.family_type = FamilyType::histogram;
  set_metric_type(to, is_native);
  return to;
}

std::string_view scrape_series_help(std::string_view name) {
  for (const auto& [series, help] : scrape_series)
    if (series == name) return help;
  return {};
}

std::string_view ucum_unit(std::string_view unit, Arena& arena) {
  const std::size_t per = unit.find("_per_");
  const std::string_view first = word_of(units, unit.substr(0, per));
  if (per == std::string_view::npos || per + 5 == unit.size()) return first;
  return arena.copy(std::string(first) + "/" + std::string(word_of(per_units, unit.substr(per + 5))));
}

std::string_view trimmed_name(std::string_view name, bool is_sum, std::string_view unit) {
  const auto trim = [&](std::string_view word) {
    if (name.size() > word.size() + 1 && name.ends_with(word) && name[name.size() - word.size() - 1] == '_')
      name.remove_suffix(word.size() + 1);
  };
  if (is_sum) trim("total");
  if (!unit.empty()) trim(unit);
  return name;
}

}  // namespace rankwire::exposition
