#include "receivers/prometheus/scrape_target.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"

namespace rankwire::prometheus {
namespace {

struct Made {
  explicit Made(const std::string& yaml, const GlobalConfig& global = {}) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    config = config::read<ScrapeConfig>(node, "job", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    REQUIRE(!config.inherit(global));
    rules = RelabelRules(config.relabel_configs);
  }
  Result<std::optional<ScrapeTarget>> operator()(const OwnedLabels& own, const OwnedLabels& group = {}) const {
    return make_target(config, rules, own, group);
  }
  ScrapeTarget one(const OwnedLabels& own, const OwnedLabels& group = {}) const {
    auto target = (*this)(own, group);
    REQUIRE_MESSAGE(target, target.error().message());
    REQUIRE(*target);
    return **target;
  }
  std::string problem(const OwnedLabels& own) const {
    const auto target = (*this)(own);
    return target ? "" : target.error().message();
  }

  ScrapeConfig config;
  RelabelRules rules;
};

std::string url_of(const ScrapeTarget& target) {
  return target.url.scheme + "://" + target.url.endpoint.text() + target.url.target;
}

}  // namespace

TEST_CASE("a target has the job's name, its address as instance and what its group has") {
  const Made make("{job_name: node, scrape_interval: 15s}");
  const ScrapeTarget target = make.one({{"__address__", "10.0.0.1:9100"}}, {{"zone", "a"}, {"__meta_x", "y"}});
  CHECK(url_of(target) == "http://10.0.0.1:9100/metrics");
  CHECK(target.labels == OwnedLabels{{"instance", "10.0.0.1:9100"}, {"job", "node"}, {"zone", "a"}});
  CHECK(target.discovered == OwnedLabels{{"__meta_x", "y"}, {"__scheme__", "http"}});
  CHECK(target.interval == std::chrono::seconds(15));
  CHECK(target.timeout == std::chrono::seconds(10));
  CHECK(make.one({{"__address__", "a:1"}, {"zone", "own"}}, {{"zone", "group"}}).label("zone") == "own");
}

TEST_CASE("rules choose address, path, scheme, parameters, interval and instance") {
  const Made make(R"(
job_name: probe
metrics_path: probe
params: {module: [http_2xx], 'a b': ['1&2', '3']}
relabel_configs:
- {source_labels: [__address__], target_label: __param_target}
- {source_labels: [__param_target], target_label: instance}
- {target_label: __address__, replacement: 'prober:9115'}
- {source_labels: [__meta_scheme], regex: (.+), target_label: __scheme__}
- {target_label: __scrape_interval__, replacement: 30s}
- {target_label: __scrape_timeout__, replacement: 3s}
- {source_labels: [__meta_keep], regex: 'no', action: drop}
)");
  const ScrapeTarget target = make.one({{"__address__", "https://x/y"}, {"__meta_scheme", "https"}});
  CHECK(url_of(target) == "https://prober:9115/probe?a+b=1%262&a+b=3&module=http_2xx&target=https%3A%2F%2Fx%2Fy");
  CHECK(target.label("instance") == "https://x/y");
  CHECK(target.interval == std::chrono::seconds(30));
  CHECK(target.timeout == std::chrono::seconds(3));
  const auto dropped = make({{"__address__", "x"}, {"__meta_keep", "no"}});
  REQUIRE(dropped);
  CHECK(!*dropped);
}

TEST_CASE("a target without a port has its scheme's") {
  const Made make("{job_name: j, scheme: https}");
  const ScrapeTarget target = make.one({{"__address__", "example.org"}});
  CHECK(target.url.endpoint.port == 443);
  CHECK(target.label("instance") == "example.org");
}

TEST_CASE("what is wrong with a target is told") {
  const Made make("{job_name: j}");
  CHECK(make.problem({{"a", "b"}}).find("no address") != std::string::npos);
  CHECK(make.problem({{"__address__", "a:1/metrics"}}).find("host:port") != std::string::npos);
  CHECK(make.problem({{"__address__", "a:1"}, {"__scheme__", "ftp"}}).find("ftp") != std::string::npos);
  CHECK(make.problem({{"__address__", "a:1"}, {"__scrape_interval__", "soon"}}).find("soon") != std::string::npos);
  CHECK(make.problem({{"__address__", "a:1"}, {"__scrape_timeout__", "2m"}}).find("longer") != std::string::npos);
  CHECK(make.problem({{"__address__", "a:1"}, {"bad", "\xff"}}).find("UTF-8") != std::string::npos);
}

TEST_CASE("what a job does not say it has from global, and a timeout is never longer than its interval") {
  GlobalConfig global;
  global.scrape_interval = DurationText("5s");
  global.scrape_timeout = DurationText("10s");
  global.limits.sample_limit = 7;
  const Made make("{job_name: j, sample_limit: 0}", global);
  CHECK(make.config.interval() == std::chrono::seconds(5));
  CHECK(make.config.timeout() == std::chrono::seconds(5));
  CHECK(make.config.limits.sample_limit == 0);
  CHECK(Made("{job_name: j}", global).config.limits.sample_limit == 7);
}

TEST_CASE("the same labels and URL are the same target, whatever discovery says besides") {
  const Made make("{job_name: j}");
  const std::string identity = make.one({{"__address__", "a:1"}}).identity();
  CHECK(make.one({{"__address__", "a:1"}, {"__meta_ready", "true"}}).identity() == identity);
  CHECK(make.one({{"__address__", "a:1"}, {"zone", "b"}}).identity() != identity);
  CHECK(make.one({{"__address__", "a:1"}, {"__metrics_path__", "/x"}}).identity() != identity);
}

}  // namespace rankwire::prometheus
