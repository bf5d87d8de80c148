#include "receivers/statsd/statsd_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "text/pattern.hpp"

namespace rankwire::statsd {
namespace {

constexpr double buckets_of_a_histogram_max = 16384;

bool is_named(MetricKind kind, const std::string& type) {
  return type == to_string(kind) || (kind == MetricKind::timing && type == "timer");
}

}  // namespace

std::optional<std::vector<double>> numbers_in(const std::vector<std::string>& texts) {
  std::vector<double> numbers;
  for (const std::string& text : texts) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

void ExplicitBucketsConfig::fields(config::Fields& f) {
  f.field("matcher_pattern", matcher_pattern, "Regular expression; found anywhere in a metric's name.");
  f.field("buckets", buckets, "Upper bounds, rising.");
}

void ExplicitBucketsConfig::validate(config::Validator& v) const {
  if (matcher_pattern.empty()) v.error("matcher_pattern", "must be set", "\".*\" is every metric");
  const auto bounds = numbers_in(buckets);
  if (!bounds || bounds->empty()) return v.error("buckets", "must hold one number or more");
  if (std::adjacent_find(bounds->begin(), bounds->end(), std::greater_equal<>()) != bounds->end())
    v.error("buckets", "must rise");
}

void ObserverHistogramConfig::fields(config::Fields& f) {
  f.field("max_size", max_size, "The most buckets of an exponential histogram; 0: 160.",
          {.min = 0, .max = buckets_of_a_histogram_max});
  f.list("explicit_buckets", explicit_buckets, "Metrics that get fixed bounds instead; the first that matches counts.");
}

void ObserverSummaryConfig::fields(config::Fields& f) {
  f.field("percentiles", percentiles, "0 to 100; none: 0, 10, 50, 90, 95 and 100.");
}

void ObserverSummaryConfig::validate(config::Validator& v) const {
  const auto numbers = numbers_in(percentiles);
  const auto is_one = [](double number) { return number >= 0 && number <= 100; };
  if (!numbers || !std::all_of(numbers->begin(), numbers->end(), is_one))
    v.error("percentiles", "must be numbers between 0 and 100");
}

void MappingConfig::fields(config::Fields& f) {
  f.field("statsd_type", statsd_type, "timing (or timer), histogram or distribution.");
  f.choice("observer_type", observer_type,
           {{"gauge", static_cast<int>(Observer::gauge)},
            {"summary", static_cast<int>(Observer::summary)},
            {"histogram", static_cast<int>(Observer::histogram)},
            {"disabled", static_cast<int>(Observer::disabled)}},
           "What it becomes: each value a point, quantiles, or a histogram.");
  f.section("histogram", histogram, "Of `histogram`.");
  f.section("summary", summary, "Of `summary`.");
}

void MappingConfig::validate(config::Validator& v) const {
  const bool is_known = statsd_type == "timing" || statsd_type == "timer" || statsd_type == "histogram" ||
                        statsd_type == "distribution" || statsd_type == "counter" || statsd_type == "gauge";
  if (!is_known) v.error("statsd_type", "is not a type that can be mapped", "timing, timer, histogram or distribution");
  if (statsd_type == "counter" || statsd_type == "gauge")
    v.warning("statsd_type", "counters and gauges are what they are: this has no effect");
  if (observer_type != Observer::histogram && (histogram.max_size != 0 || !histogram.explicit_buckets.empty()))
    v.error("histogram", "needs `observer_type: histogram`");
  if (histogram.max_size == 1) v.error("histogram.max_size", "must be 2 or more");
}

void StatsdConfig::fields(config::Fields& f) {
  f.field("endpoint", endpoint,
          "Address and port; of unixgram and unix a path. Empty: localhost:8125, or "
          "/var/run/statsd-receiver.sock.");
  f.choice("transport", transport,
           {{"udp", static_cast<int>(Transport::udp)},
            {"udp4", static_cast<int>(Transport::udp4)},
            {"udp6", static_cast<int>(Transport::udp6)},
            {"tcp", static_cast<int>(Transport::tcp)},
            {"tcp4", static_cast<int>(Transport::tcp4)},
            {"tcp6", static_cast<int>(Transport::tcp6)},
            {"unixgram", static_cast<int>(Transport::unix_datagrams)},
            {"unix", static_cast<int>(Transport::unix_stream)}},
           "How lines come. unix is a stream of packets, each behind its length in four bytes, as DogStatsD has it.");
  f.ignored("dialer", "nothing is dialled here");
  f.field("socket_permissions", socket_permissions, "Of the socket of unixgram and unix; octal.");
  f.field("socket_buffer_size", socket_buffer_size, "Bytes that the kernel keeps for us; 0: its default.",
          {.min = 0, .max = 1 << 30});
  f.field("aggregation_interval", aggregation_interval, "How often metrics are passed on.",
          {.min = 1e6, .max = 86400e9});
  f.field("enable_metric_type", enable_metric_type, "Add the attribute metric_type.");
  f.field("enable_simple_tags", enable_simple_tags, "Take tags without a value, such as `gpu`.");
  f.field("is_monotonic_counter", is_monotonic_counter, "Say of counters that they only rise.");
  f.field("enable_ip_only_aggregation", enable_ip_only_aggregation,
          "Senders are told apart by address, not by address and port.");
  f.field("ignore_host", ignore_host, "Senders are not told apart.");
  f.choice("counter_type", counter_type,
           {{"int", static_cast<int>(CounterType::integer)},
            {"float", static_cast<int>(CounterType::real)},
            {"stochastic_int", static_cast<int>(CounterType::stochastic)}},
           "Of the points of counters. int cuts off the fraction; stochastic_int rounds up as often as it says.");
  f.list("timer_histogram_mapping", timer_histogram_mapping, "What timings, histograms and distributions become.");
  f.field("origin_detection", origin_detection,
          "Over Unix sockets: the resource gets container.id and process.pid of the sender.");
  f.field("max_state_size", max_state_size, "Memory for what is not passed on yet.", {.min = 64 << 10});
}

void StatsdConfig::validate(config::Validator& v) const {
  if (!permissions()) v.error("socket_permissions", "must be octal permissions", "for example \"0622\"");
  for (std::size_t i = 0; i < timer_histogram_mapping.size(); ++i) {
    const auto& explicit_buckets = timer_histogram_mapping[i].histogram.explicit_buckets;
    for (std::size_t j = 0; j < explicit_buckets.size(); ++j) {
      const auto compiled = text::Pattern::compile(explicit_buckets[j].matcher_pattern);
      if (!compiled)
        v.error("timer_histogram_mapping[" + std::to_string(i) + "].histogram.explicit_buckets[" + std::to_string(j) +
                    "].matcher_pattern",
                compiled.error().message());
    }
  }
}

std::string StatsdConfig::place() const {
  if (!endpoint.empty()) return endpoint;
  return is_unix() ? "/var/run/statsd-receiver.sock" : "localhost:8125";
}

std::optional<std::uint32_t> StatsdConfig::permissions() const {
  std::string_view text = socket_permissions;
  if (text.starts_with("0o")) text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size() || value > 0777) return {};
  return value;
}

const MappingConfig* StatsdConfig::mapping_of(MetricKind kind) const {
  // Of several the last counts, as in the original.
  const MappingConfig* found = nullptr;
  for (const MappingConfig& mapping : timer_histogram_mapping)
    if (is_named(kind, mapping.statsd_type)) found = &mapping;
  return found != nullptr && found->observer_type != Observer::disabled ? found : nullptr;
}

}  // namespace rankwire::statsd
