// Targets in the DNS: addresses, or records that name hosts.
#include "net/dns.hpp"
#include "receivers/prometheus/discovery.hpp"

namespace rankwire::prometheus {
namespace {

net::DnsType type_of(DnsRecordType record) {
  switch (record) {
    case DnsRecordType::a: return net::DnsType::a;
    case DnsRecordType::aaaa: return net::DnsType::aaaa;
    case DnsRecordType::mx: return net::DnsType::mx;
    case DnsRecordType::ns: return net::DnsType::ns;
    case DnsRecordType::srv: break;
  }
  return net::DnsType::srv;
}

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

class DnsDiscovery final : public Discovery {
 public:
  DnsDiscovery(const DnsDiscoveryConfig& config, DiscoveryContext context)
      : config_(config), context_(std::move(context)), known_(config.names.size()) {}

  void run(const Update& update, const std::stop_token& stop) override {
    const Clock& clock = context_.environment.clock;
    while (!stop.stop_requested()) {
      for (std::size_t i = 0; i < config_.names.size() && !stop.stop_requested(); ++i) look_up(i);
      update(known_);
      const Duration interval = config_.refresh_interval.value_or(std::chrono::seconds(30));
      (void)clock.wait_until(clock.now() + interval, stop);
    }
  }

 private:
  void look_up(std::size_t i) {
    const std::string& name = config_.names[i];
    auto records = net::dns_query(name, type_of(config_.type));
    if (!records) return context_.failed(records.error(), name);
    TargetGroup group{.source = name, .labels = {}, .targets = {}};
    for (const net::DnsRecord& record : *records) group.targets.push_back(target_of(name, record));
    known_[i] = std::move(group);
  }

  OwnedLabels target_of(const std::string& name, const net::DnsRecord& record) const {
    std::string port = std::to_string(config_.port);
    OwnedLabels labels = {{"__meta_dns_name", name}};
    switch (config_.type) {
      case DnsRecordType::srv:
        labels.emplace_back("__meta_dns_srv_record_target", record.host);
        labels.emplace_back("__meta_dns_srv_record_port", std::to_string(record.port));
        port = std::to_string(record.port);
        break;
      case DnsRecordType::mx: labels.emplace_back("__meta_dns_mx_record_target", record.host); break;
      case DnsRecordType::ns: labels.emplace_back("__meta_dns_ns_record_target", record.host); break;
      default: break;
    }
    std::string host = without_dot(record.host);
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    labels.emplace_back("__address__", host + ":" + port);
    return labels;
  }

  const DnsDiscoveryConfig& config_;
  const DiscoveryContext context_;
  std::vector<TargetGroup> known_;  // In the order of the names.
};

}  // namespace

std::unique_ptr<Discovery> make_dns_discovery(const DnsDiscoveryConfig& config, DiscoveryContext context) {
  return std::make_unique<DnsDiscovery>(config, std::move(context));
}

}  // namespace rankwire::prometheus
