// An Environment for tests of single components: a clock that stands still, the real disk, no network.
#pragma once

#include "base/buffer.hpp"
#include "component/factory.hpp"
#include "net/network.hpp"
#include "testing/fake_clock.hpp"

namespace rankwire::testing {

class NoNetwork final : public net::Network {
 public:
  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    return Error(ErrorKind::unavailable, "there is no network in this test");
  }
};

struct TestEnvironment {
  FakeClock clock;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  NoNetwork network;
  std::unique_ptr<Random> random = make_random(1);
  NullLogger log;
  Counters counters;
  std::shared_ptr<BufferPool> buffers = BufferPool::make(1 << 20);
  Environment environment{clock, *files, network, *random, log, counters, buffers};

  ComponentContext context(const std::string& type) { return {{type, ""}, environment}; }
};

// A processor from YAML text, or the first problem with it.
inline Result<std::unique_ptr<Processor>> make_processor(const ProcessorFactory& factory, const config::Node& node,
                                                         TestEnvironment& environment) {
  config::Diagnostics diagnostics;
  const AnyConfig config = factory.parse(node, factory.info.type, diagnostics);
  if (diagnostics.has_errors()) return diagnostics.as_error();
  return factory.create(config, environment.context(factory.info.type));
}

}  // namespace rankwire::testing
