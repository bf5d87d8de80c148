// EC2 and EKS, both from the instance metadata service.
#include <re2/re2.h>

#include "processors/resource_detection/detectors.hpp"
#include "processors/resource_detection/imds.hpp"
#include "text/json_value.hpp"

namespace rankwire::resource_detection {
namespace {

// Adds what EC2 and EKS both tell of the instance.
void add_identity(Collector& collector, const ImdsIdentity& identity, std::string hostname) {
  collector.add("cloud.region", identity.region);
  collector.add("cloud.account.id", identity.account_id);
  collector.add("cloud.availability_zone", identity.availability_zone);
  collector.add("host.id", identity.instance_id);
  collector.add("host.image.id", identity.image_id);
  collector.add("host.type", identity.instance_type);
  collector.add("host.name", std::move(hostname));
}

class Ec2Detector final : public Detector {
 public:
  Ec2Detector(const Ec2Config& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {
    for (const std::string& tag : config.tags) tags_.push_back(std::make_unique<RE2>(tag, RE2::Quiet));
  }

  Result<Found> detect(Deadline deadline, std::stop_token stop) override {
    auto imds = Imds::open(surroundings_, {config_.max_attempts, config_.max_backoff});
    if (!imds) return std::move(imds).error();
    auto identity = imds->identity(deadline, stop);
    if (!identity) return std::move(identity).error();
    auto hostname = imds->get("meta-data/hostname", deadline, stop);
    if (!hostname) return std::move(hostname).error();
    Collector collector(config_.resource_attributes.switches);
    collector.add("cloud.provider", "aws");
    collector.add("cloud.platform", "aws_ec2");
    add_identity(collector, *identity, std::move(*hostname));
    if (!tags_.empty()) RANKWIRE_TRY(add_tags(*imds, collector, deadline, stop));
    return collector.take();
  }

 private:
  Result<void> add_tags(Imds& imds, Collector& collector, Deadline deadline, std::stop_token stop) {
    const auto keys = imds.tag_keys(deadline, stop);
    if (!keys) {
      surroundings_.environment.log.warn("resource_detection gets no tags of the EC2 instance",
                                         {{"error", keys.error().message()}});
      return {};
    }
    for (const std::string& key : *keys) {
      const bool is_wanted =
          std::any_of(tags_.begin(), tags_.end(), [&key](const auto& tag) { return RE2::PartialMatch(key, *tag); });
      if (!is_wanted) continue;
      auto value = imds.tag(key, deadline, stop);
      if (!value && value.error().kind() != ErrorKind::invalid) return std::move(value).error();
      if (value) collector.add_always("ec2.tag." + key, std::move(*value));
    }
    return {};
  }

  const Ec2Config config_;
  const Surroundings surroundings_;
  std::vector<std::unique_ptr<RE2>> tags_;
};

class EksDetector final : public Detector {
 public:
  EksDetector(const EksConfig& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {}

  Result<Found> detect(Deadline deadline, std::stop_token stop) override {
    if (!is_eks()) return Found();
    Collector collector(config_.resource_attributes.switches);
    collector.add("cloud.provider", "aws");
    collector.add("cloud.platform", "aws_eks");
    const auto& switches = config_.resource_attributes.switches;
    const bool needs_instance = std::any_of(switches.begin(), switches.end(), [](const auto& entry) {
      return entry.second && entry.first != "cloud.provider" && entry.first != "cloud.platform";
    });
    if (!needs_instance) return collector.take();
    auto imds = Imds::open(surroundings_, {});
    if (!imds) return std::move(imds).error();
    auto identity = imds->identity(deadline, stop);
    if (!identity) return std::move(identity).error();
    std::string hostname;
    if (collector.wants("host.name")) {
      auto name = imds->get("meta-data/hostname", deadline, stop);
      if (!name) return std::move(name).error();
      hostname = std::move(*name);
    }
    add_identity(collector, *identity, std::move(hostname));
    if (collector.wants("k8s.cluster.name")) collector.add("k8s.cluster.name", cluster_name(*imds, deadline, stop));
    return collector.take();
  }

 private:
  bool is_eks() const {
    if (surroundings_.variable("KUBERNETES_SERVICE_HOST").empty()) return false;
    const auto has = [this](const char* variable, std::string_view part) {
      return surroundings_.variable(variable).find(part) != std::string::npos;
    };
    if (has("AWS_WEB_IDENTITY_TOKEN_FILE", "eks.amazonaws.com")) return true;
    if (has("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "eks-pod-identity")) return true;
    return issuer().find("oidc.eks.") != std::string::npos;
  }

  // Who signed the service account's token: EKS has an issuer for each cluster.
  std::string issuer() const {
    constexpr std::uint64_t token_bytes_max = 64 * 1024;
    const auto token =
        read_file(surroundings_.environment.files,
                  surroundings_.root + "/var/run/secrets/kubernetes.io/serviceaccount/token", token_bytes_max);
    if (!token) return {};
    const std::size_t begin = token->find('.');
    const std::size_t end = begin == std::string::npos ? begin : token->find('.', begin + 1);
    if (end == std::string::npos) return {};
    const std::string payload = decoded_base64_url(std::string_view(*token).substr(begin + 1, end - begin - 1));
    Arena arena;
    Value document;
    if (!text::read_json_object(payload, text::NumberForm::real, arena, document)) return {};
    const Value* value = find(document.entries(), "iss");
    return value != nullptr && value->is_text() ? std::string(value->text()) : std::string();
  }

  static std::string decoded_base64_url(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
      constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const std::size_t digit = digits.find(c);
      if (digit == std::string_view::npos) break;
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
      if ((count += 6) < 8) continue;
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
  }

  std::string cluster_name(Imds& imds, Deadline deadline, std::stop_token stop) const {
    constexpr std::string_view owner_prefix = "kubernetes.io/cluster/";
    const auto keys = imds.tag_keys(deadline, stop);
    if (keys) {
      for (const char* key : {"aws:eks:cluster-name", "eks:cluster-name"}) {
        if (std::find(keys->begin(), keys->end(), key) == keys->end()) continue;
        if (auto name = imds.tag(key, deadline, stop)) return *name;
      }
      for (const std::string& key : *keys)
        if (key.starts_with(owner_prefix)) return key.substr(owner_prefix.size());
    }
    surroundings_.environment.log.warn(
        "resource_detection finds no k8s.cluster.name: allow tags in the metadata of the instance",
        {{"error", keys ? "no tag has it" : keys.error().message()}});
    return {};
  }

  const EksConfig config_;
  const Surroundings surroundings_;
};

}  // namespace

std::unique_ptr<Detector> make_ec2_detector(const Ec2Config& config, const Surroundings& surroundings) {
  return std::make_unique<Ec2Detector>(config, surroundings);
}

std::unique_ptr<Detector> make_eks_detector(const EksConfig& config, const Surroundings& surroundings) {
  return std::make_unique<EksDetector>(config, surroundings);
}

}  // namespace rankwire::resource_detection
