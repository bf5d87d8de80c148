// OTEL_RESOURCE_ATTRIBUTES: "key=value,key=value", values percent-encoded. All or nothing.
#include <algorithm>

#include "processors/resource_detection/detectors.hpp"

namespace rankwire::resource_detection {
namespace {

constexpr std::size_t part_bytes_max = 256;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_part(std::string_view text, std::size_t least) {
  return text.size() >= least && text.size() <= part_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// As in a query: %41 and + for a space.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) return {};
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

class EnvDetector final : public Detector {
 public:
  explicit EnvDetector(const Surroundings& surroundings) : surroundings_(surroundings) {}

  Result<Found> detect(Deadline, std::stop_token) override {
    std::string text = surroundings_.variable("OTEL_RESOURCE_ATTRIBUTES");
    if (trimmed(text).empty()) text = surroundings_.variable("OTEL_RESOURCE");
    Found found;
    std::string_view rest = trimmed(text);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos) return wrong("an entry without =");
      const std::string_view key = trimmed(pair.substr(0, equals)), value = trimmed(pair.substr(equals + 1));
      if (!is_part(key, 1) || !is_part(value, 0)) return wrong("a key or value that is empty, too long or not ASCII");
      auto plain = decoded(value);
      if (!plain) return wrong("a value that is not percent-encoded");
      found.attributes.emplace_back(key, std::move(*plain));
    }
    return found;
  }

 private:
  // What the variable holds is not shown: it may have come from a secret.
  static Error wrong(const char* what) {
    return Error(ErrorKind::invalid, std::string("OTEL_RESOURCE_ATTRIBUTES has ") + what);
  }

  const Surroundings surroundings_;
};

class K8sNodeDetector final : public Detector {
 public:
  K8sNodeDetector(const K8sNodeConfig& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {}

  Result<Found> detect(Deadline, std::stop_token) override {
    std::string node = surroundings_.variable(config_.node_from_env_var.c_str());
    if (node.empty())
      return Error(ErrorKind::invalid,
                   "the variable " + config_.node_from_env_var + " is not set: let the pod have it from spec.nodeName");
    Collector collector(config_.resource_attributes.given.switches);
    collector.add("k8s.node.name", std::move(node));
    return collector.take();
  }

 private:
  const K8sNodeConfig config_;
  const Surroundings surroundings_;
};

}  // namespace

std::unique_ptr<Detector> make_env_detector(const Surroundings& surroundings) {
  return std::make_unique<EnvDetector>(surroundings);
}

std::unique_ptr<Detector> make_k8snode_detector(const K8sNodeConfig& config, const Surroundings& surroundings) {
  return std::make_unique<K8sNodeDetector>(config, surroundings);
}

}  // namespace rankwire::resource_detection
