// What a user writes under `otlp_http`, with upstream's defaults.
#pragma once

#include "component/settings/client_settings.hpp"
#include "component/settings/delivery_settings.hpp"
#include "signal/batch.hpp"

namespace rankwire::otlp_http {

enum class BodyFormat : std::uint8_t { proto, json };

struct OtlpHttpConfig {
  HttpClientConfig client;
  std::string logs_endpoint, metrics_endpoint, traces_endpoint;
  BodyFormat encoding = BodyFormat::proto;
  std::optional<QueueConfig> sending_queue = QueueConfig{};
  RetryConfig retry_on_failure;

  OtlpHttpConfig() {
    client.timeout = std::chrono::seconds(30);
    client.compression = net::Encoding::gzip;
  }
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  // Where batches of a signal go; an error if nothing was configured for it.
  Result<net::Url> url_for(Signal signal) const;
};

}  // namespace rankwire::otlp_http
