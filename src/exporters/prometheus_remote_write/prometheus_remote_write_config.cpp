#include "exporters/prometheus_remote_write/prometheus_remote_write_config.hpp"

namespace rankwire::prometheus_remote_write {

namespace {

using series::Translation;

constexpr std::uint64_t parallel_max = 1000;

}  // namespace

void RemoteWriteQueueConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "False: each batch is sent on the thread of its receiver.");
  f.field("queue_size", queue_size, "Capacity, in batches.");
  f.field("num_consumers", num_consumers, "Requests of one batch sent at the same time.");
  f.field("storage", storage, "Storage extension that keeps the queue on disk.");
}

void RemoteWriteQueueConfig::validate(config::Validator& v) const {
  if (!enabled) return;
  if (num_consumers == 0 || num_consumers > parallel_max) v.error("num_consumers", "must be from 1 to 1000");
  if (queue_size == 0) v.error("queue_size", "must be positive");
}

void ResourceConversionConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Every attribute of the resource is a label of its series.");
  f.field("exclude_service_attributes", exclude_service_attributes,
          "But service.name, service.namespace and service.instance.id, which job and instance are made of.");
}

void TargetInfoConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Send target_info with the attributes of each resource.");
}

void PrometheusRemoteWriteConfig::fields(config::Fields& f) {
  f.squash(client);
  f.section("retry_on_failure", retry_on_failure, "Retries of what failed for the moment.");
  f.section("remote_write_queue", remote_write_queue, "Queue in front of this exporter.");
  f.field("namespace", metric_namespace, "Prefix of every metric's name.");
  f.field("external_labels", external_labels, "Labels added to every series that does not have them.");
  f.field("max_batch_size_bytes", max_batch_size_bytes, "Longest request, before compression.",
          {.min = 1000, .max = 1e9});
  f.field("max_batch_request_parallelism", max_batch_request_parallelism,
          "Requests of one batch sent at the same time; unset: remote_write_queue.num_consumers.",
          {.min = 1, .max = parallel_max});
  f.section("resource_to_telemetry_conversion", resource_to_telemetry_conversion, "Attributes of the resource.");
  f.section("target_info", target_info, "The series target_info.");
  f.field("disable_scope_info", disable_scope_info, "No labels otel_scope_….");
  f.field("add_metric_suffixes", add_metric_suffixes, "Units and _total in names, without translation_strategy.");
  f.choice("translation_strategy", translation_strategy,
           {{"UnderscoreEscapingWithSuffixes", static_cast<int>(Strategy::underscores_with_suffixes)},
            {"UnderscoreEscapingWithoutSuffixes", static_cast<int>(Strategy::underscores_without_suffixes)},
            {"NoUTF8EscapingWithSuffixes", static_cast<int>(Strategy::utf8_with_suffixes)},
            {"NoTranslation", static_cast<int>(Strategy::none)},
            {"", static_cast<int>(Strategy::unset)}},
           "How names become Prometheus'.");
  f.field("send_metadata", send_metadata, "Type, unit and help of each metric; 2.0 always has them.");
  f.choice("protobuf_message", protobuf_message,
           {{"prometheus.WriteRequest", static_cast<int>(Protocol::v1)},
            {"io.prometheus.write.v2.Request", static_cast<int>(Protocol::v2)}},
           "Remote Write 1.0 or 2.0.");
  f.unsupported("wal", "the queue itself can be on disk: set remote_write_queue.storage to a file_storage extension");
}

void PrometheusRemoteWriteConfig::validate(config::Validator& v) const {
  if (client.endpoint.empty())
    v.error("endpoint", "must be set", "for example \"http://prometheus:9090/api/v1/write\"");
  else if (const auto url = net::Url::parse(client.endpoint); !url)
    v.error("endpoint", url.error().message(), "for example \"http://prometheus:9090/api/v1/write\"");
  if (client.compression != net::Encoding::snappy && client.compression != net::Encoding::identity)
    v.error("compression", "Remote Write knows snappy only", "leave it out");
  for (const auto& [name, value] : external_labels)
    if (name.empty() || value.empty()) v.error("external_labels", "names and values must not be empty");
}

// One batch at a time: two of one series would overtake each other.
DeliveryPolicy PrometheusRemoteWriteConfig::delivery() const {
  QueueConfig queue;
  queue.enabled = remote_write_queue.enabled;
  queue.num_consumers = 1;
  queue.queue_size = remote_write_queue.queue_size;
  queue.storage = remote_write_queue.storage;
  return delivery_policy(queue, retry_on_failure);
}

TranslationRules PrometheusRemoteWriteConfig::translation() const {
  TranslationRules rules;
  rules.has_target_info = target_info.enabled;
  rules.labels.external_labels = external_labels;
  rules.labels.has_resource_labels = resource_to_telemetry_conversion.enabled;
  rules.labels.are_service_attributes_kept = !resource_to_telemetry_conversion.exclude_service_attributes;
  rules.labels.has_scope_labels = !disable_scope_info;
  rules.labels.names.metric_namespace = metric_namespace;
  switch (translation_strategy) {
    case Strategy::underscores_with_suffixes:
      rules.labels.names.translation = Translation::underscores_with_suffixes;
      break;
    case Strategy::underscores_without_suffixes:
      rules.labels.names.translation = Translation::underscores_without_suffixes;
      break;
    case Strategy::utf8_with_suffixes: rules.labels.names.translation = Translation::utf8_with_suffixes; break;
    case Strategy::none: rules.labels.names.translation = Translation::none; break;
    case Strategy::unset:
      rules.labels.names.translation =
          add_metric_suffixes ? Translation::underscores_with_suffixes : Translation::underscores_without_suffixes;
      break;
  }
  return rules;
}

std::uint64_t PrometheusRemoteWriteConfig::parallel_requests() const {
  return max_batch_request_parallelism.value_or(remote_write_queue.num_consumers);
}

}  // namespace rankwire::prometheus_remote_write
