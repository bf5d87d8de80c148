// One line for each component, in alphabetical order of its kind.
#include "app/components.hpp"

#include "connectors/count/count_connector.hpp"
#include "connectors/failover/failover_connector.hpp"
#include "connectors/forward/forward_connector.hpp"
#include "connectors/round_robin/round_robin_connector.hpp"
#include "connectors/routing/routing_connector.hpp"
#include "connectors/service_graph/service_graph_connector.hpp"
#include "connectors/span_metrics/span_metrics_connector.hpp"
#include "connectors/sum/sum_connector.hpp"
#include "exporters/debug/debug_exporter.hpp"
#include "exporters/file/file_exporter.hpp"
#include "exporters/load_balancing/load_balancing_exporter.hpp"
#include "exporters/nop/nop_exporter.hpp"
#include "exporters/otlp_grpc/otlp_grpc_exporter.hpp"
#include "exporters/otlp_http/otlp_http_exporter.hpp"
#include "exporters/prometheus/prometheus_exporter.hpp"
#include "exporters/prometheus_remote_write/prometheus_remote_write_exporter.hpp"
#include "extensions/basic_auth/basic_auth_extension.hpp"
#include "extensions/bearer_token_auth/bearer_token_auth_extension.hpp"
#include "extensions/file_storage/file_storage_extension.hpp"
#include "extensions/headers_setter/headers_setter_extension.hpp"
#include "extensions/health_check/health_check_extension.hpp"
#include "extensions/oauth2_client/oauth2_client_extension.hpp"
#include "extensions/pprof/pprof_extension.hpp"
#include "extensions/zpages/zpages_extension.hpp"
#include "processors/attributes/attributes_processor.hpp"
#include "processors/batch/batch_processor.hpp"
#include "processors/cardinality_limit/cardinality_limit_processor.hpp"
#include "processors/cumulative_to_delta/cumulative_to_delta_processor.hpp"
#include "processors/delta_to_rate/delta_to_rate_processor.hpp"
#include "processors/filter/filter_processor.hpp"
#include "processors/group_by_attrs/group_by_attrs_processor.hpp"
#include "processors/interval/interval_processor.hpp"
#include "processors/k8s_attributes/k8s_attributes_processor.hpp"
#include "processors/log_dedup/log_dedup_processor.hpp"
#include "processors/memory_limiter/memory_limiter_processor.hpp"
#include "processors/metric_start_time/metric_start_time_processor.hpp"
#include "processors/metrics_transform/metrics_transform_processor.hpp"
#include "processors/probabilistic_sampler/probabilistic_sampler_processor.hpp"
#include "processors/rate_limit/rate_limit_processor.hpp"
#include "processors/redaction/redaction_processor.hpp"
#include "processors/resource/resource_processor.hpp"
#include "processors/resource_detection/resource_detection_processor.hpp"
#include "processors/span/span_processor.hpp"
#include "processors/tail_sampling/tail_sampling_processor.hpp"
#include "processors/transform/transform_processor.hpp"
#include "receivers/file_log/file_log_receiver.hpp"
#include "receivers/host_metrics/host_metrics_receiver.hpp"
#include "receivers/k8s_events/k8s_events_receiver.hpp"
#include "receivers/kmsg/kmsg_receiver.hpp"
#include "receivers/kubelet_stats/kubelet_stats_receiver.hpp"
#include "receivers/nvidia_gpu/nvidia_gpu_receiver.hpp"
#include "receivers/otlp/otlp_receiver.hpp"
#include "receivers/prometheus/prometheus_receiver.hpp"
#include "receivers/statsd/statsd_receiver.hpp"

namespace rankwire::app {

Registry built_in_components() {
  Registry registry;
  registry.add(attributes::attributes_factory());
  registry.add(batch::batch_factory());
  registry.add(cardinality_limit::cardinality_limit_factory());
  registry.add(cumulative_to_delta::cumulative_to_delta_factory());
  registry.add(delta_to_rate::delta_to_rate_factory());
  registry.add(filter::filter_factory());
  registry.add(group_by_attrs::group_by_attrs_factory());
  registry.add(interval::interval_factory());
  registry.add(k8s_attributes::k8s_attributes_factory());
  registry.add(log_dedup::log_dedup_factory());
  registry.add(memory_limiter::memory_limiter_factory());
  registry.add(metric_start_time::metric_start_time_factory());
  registry.add(metrics_transform::metrics_transform_factory());
  registry.add(probabilistic_sampler::probabilistic_sampler_factory());
  registry.add(rate_limit::rate_limit_factory());
  registry.add(redaction::redaction_factory());
  registry.add(resource::resource_factory());
  registry.add(resource_detection::resource_detection_factory());
  registry.add(span::span_factory());
  registry.add(tail_sampling::tail_sampling_factory());
  registry.add(transform::transform_factory());
  registry.add(debug::debug_factory());
  registry.add(file::file_factory());
  registry.add(load_balancing::load_balancing_factory());
  registry.add(nop::nop_factory());
  registry.add(otlp_grpc::otlp_grpc_factory());
  registry.add(otlp_http::otlp_http_factory());
  registry.add(prometheus_page::prometheus_page_factory());
  registry.add(prometheus_remote_write::prometheus_remote_write_factory());
  registry.add(count::count_factory());
  registry.add(failover::failover_factory());
  registry.add(forward::forward_factory());
  registry.add(round_robin::round_robin_factory());
  registry.add(routing::routing_factory());
  registry.add(service_graph::service_graph_factory());
  registry.add(span_metrics::span_metrics_factory());
  registry.add(sum::sum_factory());
  registry.add(basic_auth::basic_auth_factory());
  registry.add(bearer_token_auth::bearer_token_auth_factory());
  registry.add(file_storage::file_storage_factory());
  registry.add(headers_setter::headers_setter_factory());
  registry.add(health_check::health_check_factory());
  registry.add(oauth2_client::oauth2_client_factory());
  registry.add(pprof::pprof_factory());
  registry.add(zpages::zpages_factory());
  registry.add(file_log::file_log_factory());
  registry.add(host_metrics::host_metrics_factory());
  registry.add(k8s_events::k8s_events_factory());
  registry.add(kmsg::kmsg_factory());
  registry.add(kubelet_stats::kubelet_stats_factory());
  registry.add(nvidia_gpu::nvidia_gpu_factory());
  registry.add(otlp_receiver::otlp_factory());
  registry.add(prometheus::prometheus_factory());
  registry.add(statsd::statsd_factory());
  return registry;
}

}  // namespace rankwire::app
