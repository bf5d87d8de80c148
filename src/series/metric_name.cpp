#include "series/metric_name.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace rankwire::series {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_of_word(char c) { return is_digit(c) || is_letter(c) || c == ':'; }

struct Unit {
  std::string_view short_name, name;
};

constexpr Unit units[] = {
    {"d", "days"},          {"h", "hours"},        {"min", "minutes"},   {"s", "seconds"},      {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},      {"KiBy", "kibibytes"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"}, {"KBy", "kilobytes"}, {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},   {"m", "meters"},       {"V", "volts"},       {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},        {"Cel", "celsius"},   {"Hz", "hertz"},       {"1", ""},
    {"%", "percent"},
};

constexpr Unit units_of_rates[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"}, {"mo", "month"}, {"y", "year"},
};

template <std::size_t Count>
std::string_view long_name(const Unit (&table)[Count], std::string_view unit) {
  for (const Unit& known : table)
    if (known.short_name == unit) return known.name;
  return unit;
}

// Its words of letters, digits and colons, joined by single underscores.
std::string words_joined(std::string_view text) {
  std::string joined;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_of_word(text[i])) {
      ++i;
      continue;
    }
    if (!joined.empty()) joined += '_';
    for (; i < text.size() && is_of_word(text[i]); ++i) joined += text[i];
  }
  return joined;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct UnitWords {
  std::string of_value, of_rate;  // "meters", "per_second"; either may be empty.
};

UnitWords unit_words(std::string_view unit) {
  const auto is_annotation = [](std::string_view part) { return part.find_first_of("{}") != std::string_view::npos; };
  const std::size_t slash = unit.find('/');
  UnitWords words;
  const std::string_view value = trimmed(unit.substr(0, slash));
  if (!is_annotation(value)) words.of_value = words_joined(long_name(units, value));
  if (slash == std::string_view::npos) return words;
  const std::string_view rate = trimmed(unit.substr(slash + 1));
  if (is_annotation(rate)) return words;
  const std::string name = words_joined(long_name(units_of_rates, rate));
  if (!name.empty()) words.of_rate = "per_" + name;
  return words;
}

using Words = std::vector<std::string>;

Words words_of(std::string_view name) {
  Words words;
  const std::string joined = words_joined(name);
  for (std::size_t at = 0; at < joined.size();) {
    const std::size_t end = std::min(joined.find('_', at), joined.size());
    words.push_back(joined.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// At the end, wherever it was before.
void put_last(Words& words, const char* word) {
  std::erase(words, word);
  words.emplace_back(word);
}

bool is_counter(const Metric& metric) { return metric.type == MetricType::sum && metric.is_monotonic; }
bool is_ratio(const Metric& metric) { return metric.type == MetricType::gauge && metric.unit == "1"; }

std::string with_suffixes(const Metric& metric) {
  Words words = words_of(metric.name);
  const auto add = [&](const std::string& suffix) {
    if (!suffix.empty() && std::find(words.begin(), words.end(), suffix) == words.end()) words.push_back(suffix);
  };
  const UnitWords unit = unit_words(metric.unit);
  add(unit.of_value);
  if (!unit.of_rate.empty() && std::find(words.begin(), words.end(), unit.of_rate.substr(4)) == words.end())
    words.push_back(unit.of_rate);
  if (is_counter(metric)) put_last(words, "total");
  if (is_ratio(metric)) put_last(words, "ratio");
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : "_") + word;
  return name;
}

// The name as it is, with what it does not end in already.
std::string with_suffixes_as_written(const Metric& metric) {
  std::string name(metric.name);
  const auto add = [&](const std::string& suffix) {
    if (!suffix.empty() && !name.ends_with("_" + suffix)) name += "_" + suffix;
  };
  const UnitWords unit = unit_words(metric.unit);
  const bool was_total = is_counter(metric) && name.ends_with("_total");
  if (was_total) name.resize(name.size() - std::string_view("_total").size());
  add(unit.of_value);
  add(unit.of_rate);
  if (is_counter(metric)) add("total");
  if (is_ratio(metric)) add("ratio");
  return name;
}

std::string escaped(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (!is_of_word(c)) c = '_';
  return out;
}

}  // namespace

std::string unit_name(std::string_view unit) {
  const UnitWords words = unit_words(unit);
  return words.of_value + (words.of_value.empty() || words.of_rate.empty() ? "" : "_") + words.of_rate;
}

std::string metric_name(const Metric& metric, const NameRules& rules) {
  std::string name;
  switch (rules.translation) {
    case Translation::underscores_with_suffixes: name = with_suffixes(metric); break;
    case Translation::underscores_without_suffixes: name = escaped(metric.name); break;
    case Translation::utf8_with_suffixes: name = with_suffixes_as_written(metric); break;
    case Translation::none: name = metric.name; break;
  }
  if (name.empty()) return name;
  if (!rules.metric_namespace.empty())
    name = (rules.escapes() ? escaped(rules.metric_namespace) : rules.metric_namespace) + "_" + name;
  if (rules.escapes() && is_digit(name.front())) name.insert(0, "_");
  return name;
}

FamilyType family_type(const Metric& metric) {
  switch (metric.type) {
    case MetricType::gauge: return FamilyType::gauge;
    case MetricType::sum: return metric.is_monotonic ? FamilyType::counter : FamilyType::gauge;
    case MetricType::histogram:
    case MetricType::exponential_histogram: return FamilyType::histogram;
    case MetricType::summary: return FamilyType::summary;
    case MetricType::empty: break;
  }
  return FamilyType::unknown;
}

std::string label_name(std::string_view key, const NameRules& rules) {
  if (!rules.escapes()) return std::string(key);
  std::string name(key);
  for (char& c : name)
    if (!is_digit(c) && !is_letter(c)) c = '_';
  if (name.empty()) return name;
  if (is_digit(name.front())) return "key_" + name;
  if (name.starts_with('_') && !name.starts_with("__")) return "key" + name;
  return name;
}

}  // namespace rankwire::series
