// Upstream's defaults, one by one, and the rules that otelcol's configurations must pass.
#include <doctest/doctest.h>

#include "component/settings/client_settings.hpp"
#include "component/settings/delivery_settings.hpp"
#include "config/load.hpp"

namespace rankwire {
namespace {

using namespace std::chrono_literals;

template <class Config>
Config read(const std::string& yaml, std::string* errors = nullptr) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  Config value = config::read<Config>(node, "", diagnostics);
  if (errors != nullptr)
    *errors = diagnostics.has_errors() ? diagnostics.text() : "";
  else
    CHECK_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  return value;
}

template <class Config>
std::string errors_of(const std::string& yaml) {
  std::string errors;
  read<Config>(yaml, &errors);
  return errors;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("an untouched sending_queue has upstream's defaults") {
  const DeliveryPolicy policy = delivery_policy(read<QueueConfig>("{}"), read<RetryConfig>("{}"));
  REQUIRE(policy.queue);
  CHECK(policy.queue->num_consumers == 10);
  CHECK(policy.queue->queue_size == 1000);
  CHECK(policy.queue->sizer == Sizer::requests);
  CHECK(!policy.queue->block_on_overflow);
  CHECK(!policy.queue->wait_for_result);
  CHECK(!policy.queue->storage);
  CHECK(!policy.queue->batch);
  CHECK(policy.retry.enabled);
  CHECK(policy.retry.initial_interval == 5s);
  CHECK(policy.retry.max_interval == 30s);
  CHECK(policy.retry.multiplier == 1.5);
  CHECK(policy.retry.randomization_factor == 0.5);
  CHECK(policy.retry.max_elapsed_time == 300s);
}

TEST_CASE("an empty batch section turns batching on with upstream's defaults") {
  const auto policy = delivery_policy(read<QueueConfig>("{queue_size: 10000, batch: {}}"), {});
  REQUIRE(policy.queue->batch);
  CHECK(policy.queue->batch->flush_timeout == 200ms);
  CHECK(policy.queue->batch->min_size == 8192);
  CHECK(policy.queue->batch->max_size == 0);
  CHECK(policy.queue->batch->sizer == Sizer::items);
}

TEST_CASE("a batch counts what its queue counts unless told otherwise") {
  CHECK(delivery_policy(read<QueueConfig>("{sizer: bytes, queue_size: 10000, batch: {}}"), {}).queue->batch->sizer ==
        Sizer::bytes);
  CHECK(delivery_policy(read<QueueConfig>("{sizer: bytes, batch: {sizer: items}}"), {}).queue->batch->sizer ==
        Sizer::items);
  CHECK(delivery_policy(read<QueueConfig>("{batch: {}}"), {}).queue->batch->sizer == Sizer::items);
}

TEST_CASE("a queue that is off leaves no queue and breaks no rule") {
  CHECK(!delivery_policy(read<QueueConfig>("{enabled: false, queue_size: 0}"), {}).queue);
}

TEST_CASE("queues that contradict themselves are errors") {
  CHECK(has(errors_of<QueueConfig>("{wait_for_result: true, storage: file_storage}"), "storage"));
  CHECK(has(errors_of<QueueConfig>("{sizer: items, queue_size: 100, batch: {min_size: 101}}"), "min_size"));
  CHECK(errors_of<QueueConfig>("{sizer: items, queue_size: 100, batch: {min_size: 100}}").empty());
  CHECK(errors_of<QueueConfig>("{sizer: requests, queue_size: 100, batch: {min_size: 101}}").empty());
  CHECK(has(errors_of<QueueConfig>("{batch: {min_size: 10, max_size: 9}}"), "max_size"));
  CHECK(has(errors_of<QueueConfig>("{batch: {flush_timeout: 0s}}"), "flush_timeout"));
  CHECK(has(errors_of<QueueConfig>("{batch: {sizer: requests}}"), "sizer"));
  CHECK(has(errors_of<QueueConfig>("{queue_size: 0}"), "queue_size"));
  CHECK(has(errors_of<QueueConfig>("{num_consumers: 0}"), "num_consumers"));
  CHECK(has(errors_of<QueueConfig>("{batch: {partition: {metadata_keys: [a, A]}}}"), "metadata_keys"));
}

TEST_CASE("a retry that gives up before its longest wait is an error, one that never gives up is not") {
  CHECK(has(errors_of<RetryConfig>("{max_elapsed_time: 4s, max_interval: 1s}"), "initial_interval"));
  CHECK(has(errors_of<RetryConfig>("{max_elapsed_time: 20s}"), "max_interval"));
  CHECK(errors_of<RetryConfig>("{max_elapsed_time: 0s}").empty());
  CHECK(errors_of<RetryConfig>("{enabled: false, max_elapsed_time: 1s}").empty());
  CHECK(has(errors_of<RetryConfig>("{randomization_factor: 1.5}"), "randomization_factor"));
}

TEST_CASE("an untouched HTTP client has upstream's defaults") {
  const auto config = read<HttpClientConfig>("{endpoint: 'http://h:4318'}");
  CHECK(config.timeout == 0s);
  CHECK(config.compression == net::Encoding::identity);
  const auto options = http_client_options(config, *net::Url::parse(config.endpoint));
  CHECK(options.idle_connections_max == 100);
  CHECK(options.idle_timeout == 90s);
  CHECK(options.proxy_url.empty());
  CHECK(options.base.endpoint.port == 4318);
}

TEST_CASE("headers are a map or a list and never print") {
  const auto config = read<HttpClientConfig>("headers: [{name: Authorization, value: hush}]");
  CHECK(plain_headers(config.headers) == net::Headers{{"Authorization", "hush"}});
  CHECK(plain_headers(read<HttpClientConfig>("headers: {X-Scope: a}").headers) == net::Headers{{"X-Scope", "a"}});
  CHECK(!has(config::to_yaml(config::Printer(false).print(config)), "hush"));
  const auto errors = errors_of<HttpClientConfig>("headers: {A: \"hush\\r\\nB: c\"}");
  CHECK(has(errors, "line break"));
  CHECK(!has(errors, "hush"));
}

TEST_CASE("every encoding of upstream is understood and levels are checked against it") {
  for (const auto name : {"gzip", "zstd", "snappy", "x-snappy-framed", "zlib", "deflate", "lz4", "none", "''"})
    CHECK(errors_of<HttpClientConfig>(std::string("compression: ") + name).empty());
  CHECK(has(errors_of<HttpClientConfig>("compression: brotli"), "brotli"));
  CHECK(compression_level(read<HttpClientConfig>("{compression: gzip, compression_params: {level: 9}}")) == 9);
  CHECK(compression_level(read<HttpClientConfig>("{compression: gzip, compression_params: {level: -1}}")) == 6);
  CHECK(compression_level(read<HttpClientConfig>("{compression: zstd, compression_params: {level: 11}}")) == 11);
  CHECK(has(errors_of<HttpClientConfig>("{compression: gzip, compression_params: {level: 10}}"), "level"));
  CHECK(has(errors_of<HttpClientConfig>("{compression: snappy, compression_params: {level: 1}}"), "level"));
}

TEST_CASE("tls sections are checked without reading a file") {
  CHECK(has(errors_of<TlsClientConfig>("{cert_file: a}"), "key"));
  CHECK(has(errors_of<TlsClientConfig>("{key_file: a}"), "certificate"));
  CHECK(has(errors_of<TlsClientConfig>("{ca_file: a, ca_pem: b}"), "both"));
  CHECK(has(errors_of<TlsClientConfig>("{min_version: '1.3', max_version: '1.2'}"), "older"));
  CHECK(has(errors_of<TlsClientConfig>("{min_version: '2'}"), "TLS version"));
  const auto options = tls_client_options(read<TlsClientConfig>("{}"), {"h2"});
  CHECK(options.min_version == "1.2");
  CHECK(!options.insecure_skip_verify);
  CHECK(options.alpn_protocols == std::vector<std::string>{"h2"});
}

TEST_CASE("a gRPC endpoint's scheme decides about TLS before tls.insecure does") {
  CHECK(parse_grpc_endpoint("h:4317", false)->is_tls);
  CHECK(!parse_grpc_endpoint("h:4317", true)->is_tls);
  CHECK(parse_grpc_endpoint("https://h:4317", true)->is_tls);
  CHECK(!parse_grpc_endpoint("http://h:4317", false)->is_tls);
  CHECK(parse_grpc_endpoint("dns:///h:4317", true)->endpoint.host == "h");
  CHECK(parse_grpc_endpoint("[::1]:4317", true)->endpoint.host == "::1");
  for (const auto text : {"h", "::1", "[::1]", "h:x", "h:4317/path", "ftp://h:1", "unix:/a", "u:p@h:1", ":4317"}) {
    CAPTURE(text);
    CHECK(!parse_grpc_endpoint(text, false));
  }
}

TEST_CASE("a gRPC client without an endpoint is an error; its defaults are upstream's") {
  CHECK(has(errors_of<GrpcClientConfig>("{}"), "endpoint"));
  const auto config = read<GrpcClientConfig>("{endpoint: 'h:1', keepalive: {}, headers: {X-Scope: a}}");
  CHECK(config.keepalive->time == 10s);
  CHECK(config.keepalive->timeout == 10s);
  const auto options = grpc_client_options(config, *parse_grpc_endpoint("h:1", true));
  CHECK(options.metadata == net::Headers{{"x-scope", "a"}});
  CHECK(options.user_agent == "rankwire");
}

}  // namespace
}  // namespace rankwire
