// Processors made from YAML, for their tests.
#pragma once

#include <string>

#include "config/load.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::testing {

class ProcessorFixture {
 public:
  explicit ProcessorFixture(ProcessorFactory factory) : factory_(std::move(factory)) {}

  Result<std::unique_ptr<Processor>> make(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    if (diagnostics.has_errors()) return diagnostics.as_error();
    return make_processor(factory_, node, environment);
  }
  // The message of the error; empty if the configuration is fine.
  std::string refusal(const std::string& yaml) {
    const auto made = make(yaml);
    return made ? "" : made.error().message();
  }

  // What is said about a configuration, good or bad.
  std::string problems(const std::string& yaml) const {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    (void)factory_.parse(node, factory_.info.type, diagnostics);
    return diagnostics.text();
  }

  TestEnvironment environment;

 private:
  ProcessorFactory factory_;
};

}  // namespace rankwire::testing
