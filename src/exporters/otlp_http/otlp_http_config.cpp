// Fields and rules of `otlp_http`.
#include "exporters/otlp_http/otlp_http_config.hpp"

namespace rankwire::otlp_http {

void OtlpHttpConfig::fields(config::Fields& f) {
  f.squash(client);
  f.field("logs_endpoint", logs_endpoint, "Whole URL for logs; empty: endpoint + /v1/logs.");
  f.field("metrics_endpoint", metrics_endpoint, "Whole URL for metrics; empty: endpoint + /v1/metrics.");
  f.field("traces_endpoint", traces_endpoint, "Whole URL for traces; empty: endpoint + /v1/traces.");
  f.choice("encoding", encoding,
           {{"proto", static_cast<int>(BodyFormat::proto)}, {"json", static_cast<int>(BodyFormat::json)}},
           "Format of request bodies.");
  f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
  f.section("retry_on_failure", retry_on_failure, "Retries of what failed for the moment.");
  f.unsupported("profiles_endpoint", "profiles are not a signal here");
}

void OtlpHttpConfig::validate(config::Validator& v) const {
  if (client.endpoint.empty() && logs_endpoint.empty() && metrics_endpoint.empty() && traces_endpoint.empty())
    return v.error("endpoint", "at least one endpoint must be set", "for example \"http://collector:4318\"");
  const auto check = [&](std::string_view key, const std::string& text) {
    if (text.empty()) return;
    if (const auto url = net::Url::parse(text); !url)
      v.error(key, url.error().message(), "for example \"http://collector:4318\"");
  };
  check("endpoint", client.endpoint);
  check("logs_endpoint", logs_endpoint);
  check("metrics_endpoint", metrics_endpoint);
  check("traces_endpoint", traces_endpoint);
}

Result<net::Url> OtlpHttpConfig::url_for(Signal signal) const {
  const std::string& whole = signal == Signal::logs      ? logs_endpoint
                             : signal == Signal::metrics ? metrics_endpoint
                                                         : traces_endpoint;
  if (!whole.empty()) return net::Url::parse(whole);
  const std::string name(to_string(signal));
  if (client.endpoint.empty())
    return Error(ErrorKind::invalid, "no endpoint is set for " + name + ": set endpoint or " + name + "_endpoint");
  return net::Url::parse(client.endpoint + (client.endpoint.ends_with('/') ? "v1/" : "/v1/") + name);
}

}  // namespace rankwire::otlp_http
