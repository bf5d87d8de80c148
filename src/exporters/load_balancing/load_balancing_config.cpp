#include "exporters/load_balancing/load_balancing_config.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::load_balancing {
namespace {

constexpr std::string_view default_port = "4317";
constexpr std::size_t backends_max = 1000;

bool is_port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number != 0;
}

bool has_port(std::string_view endpoint) {
  const auto colon = endpoint.rfind(':');
  return colon != std::string_view::npos && is_port(endpoint.substr(colon + 1));
}

}  // namespace

Result<GrpcTarget> target_of(std::string endpoint, bool is_insecure) {
  const auto scheme = endpoint.find("://");
  const std::string_view host = std::string_view(endpoint).substr(scheme == std::string::npos ? 0 : scheme + 3);
  if (!host.empty() && !has_port(host)) endpoint.append(":").append(default_port);
  return parse_grpc_endpoint(endpoint, is_insecure);
}

void StaticConfig::fields(config::Fields& f) {
  f.field("hostnames", hostnames, "The destinations, as host:port; without a port it is 4317.");
}

void StaticConfig::validate(config::Validator& v) const {
  if (hostnames.empty()) return v.error("hostnames", "must name a destination", "[gateway-0:4317, gateway-1:4317]");
  if (hostnames.size() > backends_max) v.error("hostnames", "are more than 1000");
  std::vector<std::string> sorted = hostnames;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    v.error("hostnames", "\"" + *twice + "\" is there twice");
  for (const std::string& hostname : hostnames)
    if (const auto target = target_of(hostname, true); !target)
      v.error("hostnames", "\"" + hostname + "\": " + target.error().message());
}

void DnsConfig::fields(config::Fields& f) {
  f.field("hostname", hostname, "Its addresses are the destinations.");
  f.field("port", port, "Of each address; empty: 4317.");
  f.field("interval", interval, "Time between two look-ups.", {.min = 1e6});
  f.field("timeout", timeout, "Longest time of one look-up.", {.min = 1e6});
}

void DnsConfig::validate(config::Validator& v) const {
  if (hostname.empty()) v.error("hostname", "must be set", "hostname: gateway.observability.svc.cluster.local");
  if (!port.empty() && !is_port(port)) v.error("port", "is none", "4317");
}

void KubernetesConfig::fields(config::Fields& f) {
  f.field("service", service, "Its endpoints are the destinations: name, or name.namespace.");
  f.field("ports", ports, "Of each address; each is a destination of its own.");
  f.field("return_hostnames", return_hostnames, "Names of the pods rather than addresses: of stateful sets, for TLS.");
  f.field("service_account_directory", service_account_directory, "Where token, ca.crt and namespace are.");
  f.ignored("timeout", "the endpoints are watched");
}

void KubernetesConfig::validate(config::Validator& v) const {
  if (service.empty() || service.front() == '.' || std::count(service.begin(), service.end(), '.') > 1)
    v.error("service", "must be name or name.namespace", "service: gateway.observability");
  if (ports.empty()) v.error("ports", "must have a port", "[4317]");
  for (const std::string& port : ports)
    if (!is_port(port)) v.error("ports", "\"" + port + "\" is no port", "4317");
}

void ResolverConfig::fields(config::Fields& f) {
  f.optional_section("static", static_, "Destinations that are known.");
  f.optional_section("dns", dns, "The addresses of a name.");
  f.optional_section("k8s", kubernetes, "The endpoints of a Kubernetes service.");
  f.unsupported("aws_cloud_map", "use dns: Cloud Map's private namespaces answer there");
}

void ResolverConfig::validate(config::Validator& v) const {
  const int given = (static_ ? 1 : 0) + (dns ? 1 : 0) + (kubernetes ? 1 : 0);
  if (given != 1) v.error("", given == 0 ? "must be set" : "has more than one way", "one of static, dns and k8s");
}

ProtocolConfig::ProtocolConfig() { otlp.client.needs_endpoint = false; }

void ProtocolConfig::fields(config::Fields& f) { f.section("otlp", otlp, "As of otlp_grpc, without endpoint."); }

void LoadBalancingConfig::fields(config::Fields& f) {
  f.section("protocol", protocol, "How destinations are spoken to.");
  f.section("resolver", resolver, "Which destinations there are.");
  f.choice("routing_key", routing_key,
           {{"", static_cast<int>(RoutingKey::automatic)},
            {"traceID", static_cast<int>(RoutingKey::trace_id)},
            {"service", static_cast<int>(RoutingKey::service)},
            {"resource", static_cast<int>(RoutingKey::resource)},
            {"metric", static_cast<int>(RoutingKey::metric)},
            {"streamID", static_cast<int>(RoutingKey::stream_id)},
            {"attributes", static_cast<int>(RoutingKey::attributes)}},
           "What goes to the same destination; empty: traces by traceID, all else by service.");
  f.field("routing_attributes", routing_attributes, "With routing_key attributes: which.");
  f.field("fail_over", fail_over, "What a destination that is down would get goes to the next one.");
  f.field("timeout", timeout, "Longest time for one attempt; 0: protocol::otlp::timeout.", {.min = 0});
  f.optional_section("sending_queue", sending_queue, "Queue in front of all destinations; before the protocol's.");
  f.optional_section("retry_on_failure", retry_on_failure, "Retries; before the protocol's.");
}

void LoadBalancingConfig::validate(config::Validator& v) const {
  if ((routing_key == RoutingKey::attributes) != !routing_attributes.empty())
    v.error("routing_attributes", "goes with routing_key: attributes, and it with that");
}

OtlpGrpcConfig LoadBalancingConfig::client() const {
  OtlpGrpcConfig config = protocol.otlp;
  if (timeout > Duration{0}) config.timeout = timeout;
  return config;
}

DeliveryPolicy LoadBalancingConfig::delivery(const ClientAuthenticator* authenticator) const {
  OtlpGrpcConfig config = protocol.otlp;
  if (sending_queue) config.sending_queue = sending_queue;
  if (retry_on_failure) config.retry_on_failure = *retry_on_failure;
  return delivery_policy(config, authenticator);
}

}  // namespace rankwire::load_balancing
