// A host for tests: a directory with the files a test writes, the scrapers of a configuration, and what they give as
// lines of text.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "config/load.hpp"
#include "receivers/host_metrics/host_metrics_config.hpp"
#include "testing/metric_batches.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::host_metrics {

using testing::Lines;

// The configuration of `scrapers`, or the first problem.
inline Result<HostMetricsConfig> config_of(const std::string& scrapers) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml("scrapers: " + scrapers, "test.yaml", diagnostics);
  auto config = config::read<HostMetricsConfig>(node, "host_metrics", diagnostics);
  if (diagnostics.has_errors()) return diagnostics.as_error();
  return config;
}

class HostFixture {
 public:
  static constexpr std::uint64_t second = 1'000'000'000;

  explicit HostFixture(const std::string& scrapers) { configure(scrapers); }

  void configure(const std::string& scrapers) {
    const auto config = config_of(scrapers);
    REQUIRE_MESSAGE(config, config.error().message());
    scrapers_ = config->scrapers.make();
  }
  void put(const std::string& path, std::string_view text) const {
    const std::filesystem::path whole = directory_.path() + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << text;
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(directory_.path() + path); }
  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(directory_.path() + path).parent_path());
    std::filesystem::create_symlink(target, directory_.path() + path);
  }
  // Points of one scrape; what could not be read is in `problems`.
  Lines scrape() {
    batches.clear();
    problems.clear();
    now += 10 * second;
    HostFiles host(*environment.files, directory_.path());
    Output output({.start = host.boot_time(), .now = now}, [this](MetricBatch batch) {
      batches.emplace_back(std::move(batch));
      return is_wanted;
    });
    for (const auto& scraper : scrapers_)
      if (const Result<void> scraped = scraper->scrape(host, output); !scraped)
        problems.push_back(scraped.error().message());
    output.finish();
    Lines lines;
    for (const SignalBatch& batch : batches)
      for (std::string& line : testing::value_lines(batch)) lines.push_back(std::move(line));
    return lines;
  }
  // Of those, the lines that begin so.
  Lines scrape(const std::string& prefix) {
    Lines lines = scrape();
    std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(prefix); });
    return lines;
  }
  bool has_problem(const std::string& part) const {
    return std::any_of(problems.begin(), problems.end(),
                       [&](const std::string& one) { return one.find(part) != std::string::npos; });
  }
  const std::string& path() const { return directory_.path(); }

  testing::TestEnvironment environment;
  std::uint64_t now = 1'700'000'000 * second;
  bool is_wanted = true;
  std::vector<SignalBatch> batches;
  Lines problems;

 private:
  testing::TemporaryDirectory directory_;
  std::vector<std::unique_ptr<Scraper>> scrapers_;
};

}  // namespace rankwire::host_metrics
