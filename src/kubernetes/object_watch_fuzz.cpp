// Any bytes as the answers of an API server: a list or the events of a watch, in two ways of cutting them into pieces.
#include "kubernetes/object_splitter.hpp"
#include "kubernetes/object_watch.hpp"
#include "kubernetes/pod.hpp"
#include "net/network.hpp"
#include "testing/fake_clock.hpp"

using namespace rankwire;
using namespace rankwire::kubernetes;

namespace {

class NoNetwork final : public net::Network {
 public:
  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    return Error(ErrorKind::unavailable, "none");
  }
};

class PodReader final : public WatchSink {
 public:
  void listing_begins() override {}
  void listing_ended() override {}
  void put(const Value& object) override {
    const Pod pod = pod_from(object);
    for (const Container& container : pod.containers) (void)parse_image(container.image);
    for (const Owner& owner : pod.owners) {
      if (deployment_of(owner.name, pod.labels).size() > owner.name.size()) __builtin_trap();
      if (deployment_by_name(owner.name).size() > owner.name.size()) __builtin_trap();
      (void)cron_job_of(owner.name);
    }
    ++objects;
  }
  void removed(const Value& object) override { put(object); }
  std::uint64_t objects = 0;
};

std::uint64_t read(std::string_view bytes, Shape shape, std::size_t piece) {
  static testing::FakeClock clock;
  static const std::unique_ptr<FileSystem> files = make_posix_file_system();
  static const std::unique_ptr<Random> random = make_random(1);
  static NoNetwork network;
  static NullLogger log;
  static Counters counters;
  ApiClient client({}, {clock, *files, network, log});
  PodReader sink;
  ObjectWatch watch({}, client, clock, *random, log, counters, sink);
  ObjectSplitter splitter(shape, 2000, [&](std::string_view object) -> Result<void> {
    if (object.size() > 2000) __builtin_trap();
    return watch.take_event(object);
  });
  while (!bytes.empty() && splitter.feed(bytes.substr(0, piece))) bytes.remove_prefix(std::min(piece, bytes.size()));
  return sink.objects + splitter.too_long() * 1'000'000;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Shape shape = data[0] % 2 == 0 ? Shape::documents : Shape::list;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (read(bytes, shape, bytes.size() + 1) != read(bytes, shape, data[0] / 2 + 1U)) __builtin_trap();
  return 0;
}
