// The receiver behind real sockets.
#include "receivers/statsd/statsd_receiver.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "testing/connector_test.hpp"
#include "testing/metric_batches.hpp"
#include "testing/raw_client.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::statsd {
namespace {

using std::chrono::seconds;
using testing::Lines;

struct ReceiverFixture {
  explicit ReceiverFixture(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
    const AnyConfig config = statsd_factory().parse(node, "statsd", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = statsd_factory().create(config, environment.context("statsd"), {.metrics = &metrics});
    REQUIRE(made);
    receiver.reset(static_cast<StatsdReceiver*>(made->release()));
    const Result<void> started = receiver->start(host);
    REQUIRE_MESSAGE(started, started.error().message());
  }
  ~ReceiverFixture() {
    if (!is_stopped) receiver->stop(Deadline{environment.clock.now()});
  }

  // Until so many lines were taken.
  void wait_for_lines(std::uint64_t lines) {
    while (environment.counters.total("rankwire_statsd_lines_total") < lines) std::this_thread::yield();
  }
  // What the lines gave, once the receiver has stopped.
  Lines stopped() {
    receiver->stop(Deadline::never());
    is_stopped = true;
    Lines all;
    for (auto& taken : metrics.taken())
      for (std::string& line : testing::value_lines(taken.batch)) all.push_back(std::move(line));
    return all;
  }

  testing::TestEnvironment environment;
  testing::NoExtensions host;
  testing::RecordingIntake metrics;
  std::unique_ptr<StatsdReceiver> receiver;
  bool is_stopped = false;
};

class UdpClient {
 public:
  explicit UdpClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~UdpClient() { ::close(descriptor_); }
  void send(std::string_view packet) {
    REQUIRE(::send(descriptor_, packet.data(), packet.size(), 0) == static_cast<ssize_t>(packet.size()));
  }

 private:
  const int descriptor_;
};

// A client of a Unix socket, of either type.
class UnixClient {
 public:
  UnixClient(const std::string& path, int type) : descriptor_(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~UnixClient() { ::close(descriptor_); }
  void send(std::string_view packet) {
    REQUIRE(::send(descriptor_, packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size()));
  }

 private:
  const int descriptor_;
};

std::string with_length(const std::string& packet) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += static_cast<char>(packet.size() >> (8 * i));
  return out + packet;
}

TEST_CASE("UDP: datagrams of one line or of many, told apart by the sender's address") {
  ReceiverFixture f("{endpoint: '127.0.0.1:0', enable_ip_only_aggregation: true}");
  UdpClient one(f.receiver->port()), two(f.receiver->port());
  one.send("a:1|c\nb:2|c");
  two.send("a:1|c\n");
  f.wait_for_lines(3);
  CHECK(f.stopped() == Lines{"a{} 2", "b{} 2"});
  REQUIRE(f.metrics.taken()[0].batch.client() != nullptr);
  CHECK(f.metrics.taken()[0].batch.client()->address == "127.0.0.1");
}

TEST_CASE("UDP: by default also by its port, or not at all") {
  ReceiverFixture apart("{endpoint: '127.0.0.1:0'}"), together("{endpoint: '127.0.0.1:0', ignore_host: true}");
  for (ReceiverFixture* f : {&apart, &together}) {
    UdpClient one(f->receiver->port()), two(f->receiver->port());
    one.send("a:1|c");
    two.send("a:1|c");
    f->wait_for_lines(2);
  }
  CHECK(apart.stopped() == Lines{"a{} 1", "a{} 1"});
  CHECK(together.stopped() == Lines{"a{} 2"});
  CHECK(together.metrics.taken()[0].batch.client() == nullptr);
}

TEST_CASE("TCP: lines arrive in any pieces; the last needs no line end") {
  ReceiverFixture f("{endpoint: '127.0.0.1:0', transport: tcp}");
  {
    testing::RawClient client(f.receiver->port());
    REQUIRE(client.send("a:1|c\nb:"));
    f.wait_for_lines(1);
    REQUIRE(client.send("2|c\nc:3|c"));
    f.wait_for_lines(2);
  }
  f.wait_for_lines(3);
  CHECK(f.stopped() == Lines{"a{} 1", "b{} 2", "c{} 3"});
}

TEST_CASE("TCP: a line without an end is given up, with its connection") {
  ReceiverFixture f("{endpoint: '127.0.0.1:0', transport: tcp4}");
  testing::RawClient client(f.receiver->port());
  (void)client.send(std::string(200 << 10, 'x'));
  CHECK(client.rest().empty());
  CHECK(f.environment.counters.total("rankwire_statsd_refused_lines_total", {{"reason", "too_long"}}) == 1);
}

TEST_CASE(
    "Unix datagrams: the socket has its permissions, senders their process, and the path goes with the receiver") {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/statsd.sock";
  ReceiverFixture f("{endpoint: '" + path + "', transport: unixgram, socket_permissions: '0606'}");
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0606);
  UnixClient(path, SOCK_DGRAM).send("a:1|c\nb:1|g");
  f.wait_for_lines(2);
  CHECK(f.stopped() == Lines{"a{} 1", "b{} 1r"});
  const Attributes& resource = f.metrics.taken()[0].batch.metrics().resources[0].resource.attributes;
  CHECK(testing::text_of(resource).find("process.pid=" + std::to_string(::getpid())) != std::string::npos);
  CHECK(::stat(path.c_str(), &status) != 0);
}

TEST_CASE("Unix streams: packets behind their length, in any pieces") {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/statsd.sock";
  ReceiverFixture f("{endpoint: '" + path + "', transport: unix, origin_detection: false}");
  {
    UnixClient client(path, SOCK_STREAM);
    const std::string all = with_length("a:1|c\nb:2|c") + with_length("c:3|c");
    client.send(all.substr(0, 6));
    client.send(all.substr(6, 12));
    client.send(all.substr(18));
    f.wait_for_lines(3);
    client.send(std::string(4, '\xff'));  // No length of ours: the connection ends.
  }
  CHECK(f.stopped() == Lines{"a{} 1", "b{} 2", "c{} 3"});
  CHECK(f.environment.counters.total("rankwire_statsd_refused_lines_total", {{"reason", "bad_length"}}) == 1);
}

TEST_CASE("what the kernel had no room for is counted") {
  const testing::TemporaryDirectory directory;
  ReceiverFixture f("{endpoint: '127.0.0.1:0', socket_buffer_size: 2048}");
  UdpClient client(f.receiver->port());
  const auto lost = [&] {
    return f.environment.counters.prometheus_text().find("lost_datagrams_total{receiver=\"statsd\"} 0") ==
           std::string::npos;
  };
  const std::string packet = "a:1|c|#k:" + std::string(1000, 'v');
  while (!lost())
    for (int i = 0; i < 1000; ++i) client.send(packet);
  CHECK(f.environment.counters.total("rankwire_statsd_lines_total") > 0);
}

TEST_CASE("an address that cannot be listened on is an error") {
  ReceiverFixture f("{endpoint: '127.0.0.1:0'}");
  config::Diagnostics diagnostics;
  const std::string yaml = "{endpoint: '127.0.0.1:" + std::to_string(f.receiver->port()) + "'}";
  const AnyConfig config = statsd_factory().parse(config::parse_yaml(yaml, "test", diagnostics), "statsd", diagnostics);
  auto second = statsd_factory().create(config, f.environment.context("statsd"), {.metrics = &f.metrics});
  REQUIRE(second);
  const Result<void> started = (*second)->start(f.host);
  REQUIRE(!started);
  CHECK(started.error().message().find("cannot listen") != std::string::npos);
}

TEST_CASE("configuration: what is wrong is told with its place") {
  const auto refusal = [](const std::string& yaml) {
    config::Diagnostics diagnostics;
    (void)statsd_factory().parse(config::parse_yaml(yaml, "f", diagnostics), "statsd", diagnostics);
    return diagnostics.text();
  };
  CHECK(refusal("{transport: pigeon}").find("udp") != std::string::npos);
  CHECK(refusal("{socket_permissions: '0999'}").find("octal") != std::string::npos);
  CHECK(refusal("{timer_histogram_mapping: [{statsd_type: set, observer_type: gauge}]}").find("mapped") !=
        std::string::npos);
  CHECK(refusal("{timer_histogram_mapping: [{statsd_type: timer, observer_type: gauge, histogram: {max_size: 10}}]}")
            .find("observer_type: histogram") != std::string::npos);
  CHECK(refusal("{timer_histogram_mapping: [{statsd_type: timer, observer_type: summary, summary: {percentiles: "
                "[101]}}]}")
            .find("between 0 and 100") != std::string::npos);
  CHECK(refusal("{timer_histogram_mapping: [{statsd_type: timer, observer_type: histogram, histogram: "
                "{explicit_buckets: [{matcher_pattern: '(', buckets: [1]}]}}]}")
            .find("matcher_pattern") != std::string::npos);
  CHECK(refusal("{timer_histogram_mapping: [{statsd_type: timer, observer_type: histogram, histogram: "
                "{explicit_buckets: [{matcher_pattern: a, buckets: [2, 1]}]}}]}")
            .find("must rise") != std::string::npos);
  CHECK(refusal("{socket_permissions: 0622}").empty());
}

}  // namespace
}  // namespace rankwire::statsd
