#include "exporters/prometheus/prometheus_config.hpp"

#include <algorithm>

#include "base/require.hpp"
#include "text/glob.hpp"
#include "text/pattern.hpp"

namespace rankwire::prometheus_page {
namespace {

using series::Translation;

// Of the keys of attributes.
class Globs {
 public:
  explicit Globs(const std::vector<std::string>& globs) {
    for (const std::string& glob : globs) {
      const auto expression = text::expression_of_glob(glob);
      require(expression.has_value(), "globs have been validated");
      auto pattern = text::Pattern::compile(*expression);
      require(pattern.has_value(), "a glob is an expression");
      patterns_.push_back(std::move(*pattern));
    }
  }
  bool empty() const { return patterns_.empty(); }
  bool match(std::string_view key) const {
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) { return pattern.matches(key); });
  }

 private:
  std::vector<text::Pattern> patterns_;
};

Translation translation_of(const PrometheusConfig& config) {
  using Strategy = PrometheusConfig::Strategy;
  switch (config.translation_strategy) {
    case Strategy::underscores_with_suffixes: return Translation::underscores_with_suffixes;
    case Strategy::underscores_without_suffixes: return Translation::underscores_without_suffixes;
    case Strategy::utf8_with_suffixes: return Translation::utf8_with_suffixes;
    case Strategy::none: return Translation::none;
    case Strategy::unset: break;
  }
  return config.add_metric_suffixes ? Translation::underscores_with_suffixes
                                    : Translation::underscores_without_suffixes;
}

}  // namespace

void ResourceConversionConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Every attribute of the resource is a label of its series.");
  f.field("exclude_service_attributes", exclude_service_attributes,
          "But service.name, service.namespace and service.instance.id, which job and instance are made of.");
}

void ResourceLabelsConfig::fields(config::Fields& f) {
  f.field("included", included, "Globs of the keys that become labels; empty, with excluded: all.");
  f.field("excluded", excluded, "Globs of keys that do not.");
}

void ResourceLabelsConfig::validate(config::Validator& v) const {
  const auto check = [&](const char* key, const std::vector<std::string>& globs) {
    for (const std::string& glob : globs)
      if (const auto made = text::expression_of_glob(glob); !made)
        v.error(key, "\"" + glob + "\": " + made.error().message(), "for example \"k8s.pod.*\"");
  };
  check("included", included);
  check("excluded", excluded);
}

void PrometheusConfig::fields(config::Fields& f) {
  f.squash(server);
  f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
  f.field("namespace", metric_namespace, "Prefix of every metric's name.");
  f.field("const_labels", const_labels, "Labels added to every series that does not have them.");
  f.field("send_timestamps", send_timestamps, "Show the time of each point; else the scrape's counts.");
  f.field("metric_expiration", metric_expiration, "A series is shown so long after its last point.");
  f.section("resource_to_telemetry_conversion", resource_to_telemetry_conversion, "Attributes of the resource.");
  f.section("resource_constant_labels", resource_constant_labels,
            "Which attributes of the resource are labels; goes before resource_to_telemetry_conversion.");
  f.field("enable_open_metrics", enable_open_metrics, "OpenMetrics for scrapers that ask for it; has exemplars.");
  f.field("without_scope_info", without_scope_info, "No labels otel_scope_….");
  f.field("add_metric_suffixes", add_metric_suffixes, "Units and _total in names, without translation_strategy.");
  f.choice("translation_strategy", translation_strategy,
           {{"UnderscoreEscapingWithSuffixes", static_cast<int>(Strategy::underscores_with_suffixes)},
            {"UnderscoreEscapingWithoutSuffixes", static_cast<int>(Strategy::underscores_without_suffixes)},
            {"NoUTF8EscapingWithSuffixes", static_cast<int>(Strategy::utf8_with_suffixes)},
            {"NoTranslation", static_cast<int>(Strategy::none)},
            {"", static_cast<int>(Strategy::unset)}},
           "How names become Prometheus'.");
  f.field("max_state_size", max_state_size, "Memory for the series that are shown.", {.min = 64 << 10});
}

void PrometheusConfig::validate(config::Validator& v) const {
  if (server.listen.endpoint.empty()) v.error("endpoint", "must be set", "for example \"0.0.0.0:8889\"");
  if (metric_expiration <= Duration{0}) v.error("metric_expiration", "must be positive", "for example 5m");
  for (const auto& [name, value] : const_labels)
    if (name.empty() || value.empty()) v.error("const_labels", "names and values must not be empty");
}

StoreOptions PrometheusConfig::store() const {
  StoreOptions options;
  options.bytes_max = max_state_size;
  options.expiration = metric_expiration;
  series::LabelRules& labels = options.labels;
  labels.names.metric_namespace = metric_namespace;
  labels.names.translation = translation_of(*this);
  labels.external_labels = const_labels;
  labels.has_scope_labels = !without_scope_info;
  labels.has_resource_labels = resource_to_telemetry_conversion.enabled;
  labels.are_service_attributes_kept = !resource_to_telemetry_conversion.exclude_service_attributes;
  if (resource_constant_labels.included.empty() && resource_constant_labels.excluded.empty()) return options;
  labels.has_resource_labels = true;
  labels.are_service_attributes_kept = true;
  labels.is_resource_label =
      [included = std::make_shared<const Globs>(resource_constant_labels.included),
       excluded = std::make_shared<const Globs>(resource_constant_labels.excluded)](std::string_view key) {
        return (included->empty() || included->match(key)) && !excluded->match(key);
      };
  return options;
}

}  // namespace rankwire::prometheus_page
