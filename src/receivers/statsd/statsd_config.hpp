// What a user writes about StatsD.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "receivers/statsd/line_parser.hpp"
#include "signal/running_histogram.hpp"

namespace rankwire::statsd {

enum class Transport : std::uint8_t { udp, udp4, udp6, tcp, tcp4, tcp6, unix_datagrams, unix_stream };
enum class CounterType : std::uint8_t { integer, real, stochastic };
// What timings, histograms and distributions become.
enum class Observer : std::uint8_t { disabled, gauge, summary, histogram };

// Nothing: one of them is not a finite number.
std::optional<std::vector<double>> numbers_in(const std::vector<std::string>& texts);

struct ExplicitBucketsConfig {
  std::string matcher_pattern;
  std::vector<std::string> buckets;  // Numbers.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ObserverHistogramConfig {
  std::uint64_t max_size = 0;
  std::vector<ExplicitBucketsConfig> explicit_buckets;

  void fields(config::Fields& f);
};

struct ObserverSummaryConfig {
  std::vector<std::string> percentiles;  // Numbers.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct MappingConfig {
  std::string statsd_type;
  Observer observer_type = Observer::disabled;
  ObserverHistogramConfig histogram;
  ObserverSummaryConfig summary;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct StatsdConfig {
  std::string endpoint;
  Transport transport = Transport::udp;
  std::string socket_permissions = "0622";
  std::int64_t socket_buffer_size = 0;
  Duration aggregation_interval = std::chrono::seconds(60);
  bool enable_metric_type = false, enable_simple_tags = false, is_monotonic_counter = false;
  bool enable_ip_only_aggregation = false, ignore_host = false;
  CounterType counter_type = CounterType::integer;
  std::vector<MappingConfig> timer_histogram_mapping = {MappingConfig{"timer", Observer::gauge, {}, {}},
                                                        MappingConfig{"histogram", Observer::gauge, {}, {}},
                                                        MappingConfig{"distribution", Observer::gauge, {}, {}}};
  bool origin_detection = true;
  Bytes max_state_size = 64_MiB;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;

  bool is_unix() const { return transport == Transport::unix_datagrams || transport == Transport::unix_stream; }
  bool is_tcp() const {
    return transport == Transport::tcp || transport == Transport::tcp4 || transport == Transport::tcp6;
  }
  // The endpoint, or where one listens by default.
  std::string place() const;
  std::optional<std::uint32_t> permissions() const;  // Nothing: not octal.
  // Of timings, histograms or distributions; null: they are not wanted.
  const MappingConfig* mapping_of(MetricKind kind) const;
};

}  // namespace rankwire::statsd
