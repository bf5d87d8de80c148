#include "receivers/prometheus/scrape_target.hpp"

#include <algorithm>

#include "text/encoding.hpp"

namespace rankwire::prometheus {
namespace {

constexpr std::string_view address_label = "__address__", scheme_label = "__scheme__", path_label = "__metrics_path__",
                           interval_label = "__scrape_interval__", timeout_label = "__scrape_timeout__",
                           parameter_prefix = "__param_", meta_prefix = "__meta_";

using Parameters = std::vector<std::pair<std::string, std::vector<std::string>>>;

// A label __param_x is the first value of x.
std::string query_of(Parameters parameters, const Labels& labels) {
  for (const Label& label : labels) {
    if (!label.name.starts_with(parameter_prefix)) continue;
    const std::string name(label.name.substr(parameter_prefix.size()));
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](auto& one) { return one.first == name; });
    if (found == parameters.end()) {
      parameters.push_back({name, {std::string(label.value)}});
    } else if (found->second.empty()) {
      found->second.emplace_back(label.value);
    } else {
      found->second.front() = label.value;
    }
  }
  std::sort(parameters.begin(), parameters.end());
  std::string query;
  for (const auto& [name, values] : parameters)
    for (const std::string& value : values)
      query += (query.empty() ? "?" : "&") + net::query_escaped(name) + "=" + net::query_escaped(value);
  return query;
}

Labels with_defaults(const ScrapeConfig& config, const OwnedLabels& own, const OwnedLabels& group, Arena& arena) {
  Labels labels;
  for (const auto& [name, value] : own) set(labels, name, value);
  const auto set_absent = [&](std::string_view name, std::string_view value) {
    if (value_of(labels, name).empty()) set(labels, name, value);
  };
  for (const auto& [name, value] : group) set_absent(name, value);
  set_absent("job", config.job_name);
  set_absent(interval_label, config.scrape_interval.is_set() ? std::string_view(config.scrape_interval.text()) : "1m");
  set_absent(timeout_label, config.scrape_timeout.is_set() ? std::string_view(config.scrape_timeout.text()) : "10s");
  set_absent(path_label, config.metrics_path);
  set_absent(scheme_label, config.scheme);
  for (const auto& [name, values] : config.parameters())
    if (!values.empty()) set_absent(arena.copy(std::string(parameter_prefix) + name), arena.copy(values.front()));
  exposition::sort_labels(labels);
  return labels;
}

Result<Duration> duration_in(const Labels& labels, std::string_view name) {
  auto duration = parse_duration(value_of(labels, name));
  if (!duration) return std::move(duration).error().during(std::string(name));
  if (*duration == Duration{0}) return Error(ErrorKind::invalid, std::string(name) + " must not be 0");
  return duration;
}

Result<net::Url> url_of(const ScrapeConfig& config, const Labels& labels) {
  const std::string_view address = value_of(labels, address_label);
  if (address.empty()) return Error(ErrorKind::invalid, "it has no address: relabel_configs left no __address__");
  if (address.find('/') != std::string_view::npos)
    return Error(ErrorKind::invalid, "its address \"" + std::string(address) + "\" is no host:port");
  const std::string_view scheme = value_of(labels, scheme_label), path = value_of(labels, path_label);
  if (scheme != "http" && scheme != "https")
    return Error(ErrorKind::invalid, "its scheme \"" + std::string(scheme) + "\" is neither http nor https");
  std::string text = std::string(scheme) + "://" + std::string(address);
  if (!path.starts_with('/')) text += '/';
  text += path;
  return net::Url::parse(text + query_of(config.parameters(), labels));
}

}  // namespace

std::string_view ScrapeTarget::label(std::string_view name) const {
  for (const auto& [own, value] : labels)
    if (own == name) return value;
  return {};
}

std::string ScrapeTarget::identity() const {
  std::string text = url.scheme + "://" + url.endpoint.text() + url.target;
  for (const auto& [name, value] : labels) text += '\0' + name + '\0' + value;
  return text + '\0' + std::to_string(interval.count()) + '\0' + std::to_string(timeout.count());
}

Result<std::optional<ScrapeTarget>> make_target(const ScrapeConfig& config, const RelabelRules& rules,
                                                const OwnedLabels& own, const OwnedLabels& group) {
  Arena arena;
  Labels labels = with_defaults(config, own, group, arena);
  const Labels before = labels;
  if (!rules.apply(labels, arena)) return std::optional<ScrapeTarget>();
  ScrapeTarget target;
  auto url = url_of(config, labels);
  if (!url) return std::move(url).error();
  target.url = std::move(*url);
  auto interval = duration_in(labels, interval_label), timeout = duration_in(labels, timeout_label);
  if (!interval) return std::move(interval).error();
  if (!timeout) return std::move(timeout).error();
  if (*timeout > *interval) return Error(ErrorKind::invalid, "its scrape timeout is longer than its interval");
  target.interval = *interval;
  target.timeout = *timeout;
  if (value_of(labels, "instance").empty()) set(labels, "instance", value_of(labels, address_label));
  exposition::sort_labels(labels);
  for (const Label& label : labels) {
    if (!text::is_valid_utf8(label.value))
      return Error(ErrorKind::invalid, "its label " + std::string(label.name) + " is not UTF-8");
    if (!label.name.starts_with("__")) target.labels.emplace_back(label.name, label.value);
  }
  for (const Label& label : before)
    if (label.name.starts_with(meta_prefix)) target.discovered.emplace_back(label.name, label.value);
  target.discovered.emplace_back(scheme_label, target.url.scheme);
  return std::optional(std::move(target));
}

}  // namespace rankwire::prometheus
