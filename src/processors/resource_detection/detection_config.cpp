#include "processors/resource_detection/detection_config.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace rankwire::resource_detection {
namespace {

struct Switch {
  bool enabled = false;
  void fields(config::Fields& f) { f.field("enabled", enabled, "Whether the attribute is given."); }
};

constexpr std::string_view supported[] = {"env", "system", "docker", "ec2", "ecs", "eks", "k8snode", "k8s_api"};
constexpr std::string_view known_elsewhere[] = {"akamai",
                                                "aks",
                                                "alibaba_ecs",
                                                "azure",
                                                "consul",
                                                "digitalocean",
                                                "dynatrace",
                                                "elastic_beanstalk",
                                                "elasticbeanstalk",
                                                "gce",
                                                "gcp",
                                                "gke",
                                                "heroku",
                                                "hetzner",
                                                "ibmcloud_classic",
                                                "ibmcloud_vpc",
                                                "kubeadm",
                                                "lambda",
                                                "nova",
                                                "openshift",
                                                "oraclecloud",
                                                "scaleway",
                                                "tencent_cvm",
                                                "upcloud",
                                                "vultr"};

bool is_among(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr const char* attributes_doc = "Which attributes the detector gives.";

}  // namespace

void AttributeSwitches::fields(config::Fields& f) {
  for (auto& [name, is_on] : switches) {
    Switch value{is_on};
    f.section(name, value, "The attribute of this name.");
    is_on = value.enabled;
  }
}

SystemConfig::SystemConfig() {
  for (const char* name : {"host.name", "os.type"}) resource_attributes.switches.emplace_back(name, true);
  for (const char* name :
       {"host.arch", "host.cpu.cache.l2.size", "host.cpu.family", "host.cpu.model.id", "host.cpu.model.name",
        "host.cpu.stepping", "host.cpu.vendor.id", "host.id", "host.interface", "host.ip", "host.mac", "os.build.id",
        "os.description", "os.name", "os.version"})
    resource_attributes.switches.emplace_back(name, false);
}

void SystemConfig::fields(config::Fields& f) {
  f.field("hostname_sources", hostname_sources,
          "Where host.name comes from; the first that answers: dns (/etc/hosts), os.");
  f.section("resource_attributes", resource_attributes, attributes_doc);
}

void SystemConfig::validate(config::Validator& v) const {
  for (const std::string& source : hostname_sources) {
    if (source == "dns" || source == "os") continue;
    const bool is_known = source == "cname" || source == "lookup";
    v.error("hostname_sources", "\"" + source + (is_known ? "\" is not supported yet" : "\" is no source"),
            "dns or os");
  }
}

DockerConfig::DockerConfig() {
  resource_attributes.switches = {
      {"host.name", true}, {"os.type", true}, {"container.name", false}, {"container.image.name", false}};
}
void DockerConfig::fields(config::Fields& f) { f.section("resource_attributes", resource_attributes, attributes_doc); }

Ec2Config::Ec2Config() {
  for (const char* name : {"cloud.account.id", "cloud.availability_zone", "cloud.platform", "cloud.provider",
                           "cloud.region", "host.id", "host.image.id", "host.name", "host.type"})
    resource_attributes.switches.emplace_back(name, true);
}

void Ec2Config::fields(config::Fields& f) {
  f.field("tags", tags, "Regular expressions on keys of the instance's tags that become ec2.tag.<key>.");
  f.field("tags_from_imds", tags_from_imds, "Tags come from the instance metadata service.");
  f.field("max_attempts", max_attempts, "How often a request is tried in one detection.", {.min = 1, .max = 100});
  f.field("max_backoff", max_backoff, "Longest wait between these.", {.min = 0});
  f.field("fail_on_missing_metadata", fail_on_missing_metadata, "Whether the start fails without metadata.");
  f.section("resource_attributes", resource_attributes, attributes_doc);
}

void Ec2Config::validate(config::Validator& v) const {
  for (const std::string& tag : tags)
    if (const RE2 expression(tag, RE2::Quiet); !expression.ok())
      v.error("tags", "not a regular expression: \"" + tag + "\": " + expression.error());
  if (!tags.empty() && !tags_from_imds)
    v.error("tags", "can only be read from the instance metadata service: EC2's DescribeTags is not called yet",
            "set tags_from_imds: true, and allow tags in instance metadata");
}

EcsConfig::EcsConfig() {
  for (const char* name : {"aws.ecs.cluster.arn", "aws.ecs.launchtype", "aws.ecs.task.arn", "aws.ecs.task.family",
                           "aws.ecs.task.id", "aws.ecs.task.revision", "aws.log.group.arns", "aws.log.group.names",
                           "aws.log.stream.arns", "aws.log.stream.names", "cloud.account.id", "cloud.availability_zone",
                           "cloud.platform", "cloud.provider", "cloud.region"})
    resource_attributes.switches.emplace_back(name, true);
}
void EcsConfig::fields(config::Fields& f) { f.section("resource_attributes", resource_attributes, attributes_doc); }

EksConfig::EksConfig() {
  for (const char* name : {"cloud.platform", "cloud.provider"}) resource_attributes.switches.emplace_back(name, true);
  for (const char* name : {"cloud.account.id", "cloud.availability_zone", "cloud.region", "host.id", "host.image.id",
                           "host.name", "host.type", "k8s.cluster.name"})
    resource_attributes.switches.emplace_back(name, false);
}
void EksConfig::fields(config::Fields& f) {
  f.ignored("node_from_env_var",
            "it is for the Kubernetes API, which is not asked yet: everything comes from the "
            "instance metadata service");
  f.section("resource_attributes", resource_attributes, attributes_doc);
}

void K8sNodeAttributes::fields(config::Fields& f) {
  f.squash(given);
  Switch uid{has_uid};
  f.section("k8s.node.uid", uid, "Can only be off: the Kubernetes API, which knows it, is not asked yet.");
  has_uid = uid.enabled;
}

void K8sNodeAttributes::validate(config::Validator& v) const {
  if (has_uid)
    v.error("k8s.node.uid::enabled", "only the Kubernetes API knows it, which is not asked yet", "leave it out");
}

K8sNodeConfig::K8sNodeConfig() { resource_attributes.given.switches = {{"k8s.node.name", true}}; }
void K8sNodeConfig::fields(config::Fields& f) {
  for (const char* key : {"auth_type", "context", "kube_config_path"})
    f.ignored(key, "the Kubernetes API is not asked yet: the node's name is the variable's");
  f.field("node_from_env_var", node_from_env_var, "The variable with the node's name.");
  f.section("resource_attributes", resource_attributes, attributes_doc);
}

void ResourceDetectionConfig::fields(config::Fields& f) {
  f.field("detectors", detectors, "Who is asked; of an attribute that several give, the first one's value counts.");
  f.field("override", override_present, "Whether attributes that a resource already has are replaced.");
  f.field("timeout", timeout, "How long the start waits for detectors, and a detection takes.", {.min = 1e6});
  f.field("refresh_interval", refresh_interval, "How often everything is detected again; 0: never.", {.min = 0});
  f.section("system", system, "Of the detector system.");
  f.section("docker", docker, "Of the detector docker.");
  f.section("ec2", ec2, "Of the detector ec2.");
  f.section("ecs", ecs, "Of the detector ecs.");
  f.section("eks", eks, "Of the detector eks.");
  f.section("k8snode", k8snode, "Of the detector k8snode.");
  f.renamed("k8s_api", "k8snode");
  for (const std::string_view name : known_elsewhere) f.unsupported(name, "there is no such detector yet");
  for (const char* key : {"endpoint", "proxy_url", "tls", "headers", "compression", "compression_params", "auth",
                          "read_buffer_size", "write_buffer_size", "max_idle_conns", "max_idle_conns_per_host",
                          "max_conns_per_host", "idle_conn_timeout", "disable_keep_alives", "cookies",
                          "http2_read_idle_timeout", "http2_ping_timeout", "force_attempt_http2", "middlewares"})
    f.ignored(key, "the metadata services are asked at their own addresses, directly");
}

void ResourceDetectionConfig::validate(config::Validator& v) const {
  if (detectors.empty()) v.warning("detectors", "is empty: nothing is detected");
  for (const std::string& name : detectors) {
    if (is_among(name, supported)) continue;
    std::string message = "\"" + name + "\" ";
    message += is_among(name, known_elsewhere) ? "is a detector that is not supported yet" : "is not a detector";
    v.error("detectors", std::move(message), "env, system, docker, ec2, ecs, eks and k8snode are");
  }
  if (refresh_interval.count() != 0 && refresh_interval < std::chrono::seconds(1))
    v.error("refresh_interval", "must be at least a second, or 0");
}

}  // namespace rankwire::resource_detection
