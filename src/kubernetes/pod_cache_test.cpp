#include "kubernetes/pod_cache.hpp"

#include <doctest/doctest.h>
#include <malloc.h>

#include <string>

#include "testing/fake_clock.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::kubernetes;
using namespace std::chrono_literals;

Identity key(const std::string& text) { return identity_of(std::string_view(text)); }

std::shared_ptr<const KnownPod> pod(const std::string& uid, const std::string& ip) {
  KnownPod::Draft draft;
  draft.id = key(uid);
  draft.keys = {key(uid), key(ip)};
  draft.attributes = {{"k8s.pod.uid", Value::of(uid)}, {"k8s.pod.ip", Value::of(ip)}};
  return KnownPod::make(draft);
}

std::string_view uid_of(const std::shared_ptr<const KnownPod>& found) {
  return found == nullptr ? std::string_view() : found->attributes()[0].value.text();
}

TEST_CASE("a pod is found by each of its keys, and is what was put last") {
  testing::FakeClock clock;
  PodCache cache({}, clock);
  REQUIRE(cache.put(pod("a", "10.0.0.1")));
  CHECK(uid_of(cache.find(key("a"))) == "a");
  CHECK(uid_of(cache.find(key("10.0.0.1"))) == "a");
  REQUIRE(cache.put(pod("a", "10.0.0.2")));
  CHECK(cache.find(key("10.0.0.1")) == nullptr);
  CHECK(uid_of(cache.find(key("10.0.0.2"))) == "a");
  CHECK(cache.pods() == 1);
}

TEST_CASE("a deleted pod is found until its time is over, and gives its memory back") {
  testing::FakeClock clock;
  PodCache cache({.grace = 10s}, clock);
  REQUIRE(cache.put(pod("a", "10.0.0.1")));
  cache.remove(key("a"));
  clock.advance(9s);
  cache.expire();
  CHECK(uid_of(cache.find(key("a"))) == "a");
  clock.advance(1s);
  CHECK(cache.find(key("a")) == nullptr);
  cache.expire();
  CHECK(cache.pods() == 0);
  CHECK(cache.memory_bytes() == 0);
}

TEST_CASE("an address that a new pod has got stays the new one's when the old one goes") {
  testing::FakeClock clock;
  PodCache cache({.grace = 1s}, clock);
  REQUIRE(cache.put(pod("old", "10.0.0.1")));
  cache.remove(key("old"));
  REQUIRE(cache.put(pod("new", "10.0.0.1")));
  CHECK(uid_of(cache.find(key("10.0.0.1"))) == "new");
  clock.advance(2s);
  cache.expire();
  CHECK(uid_of(cache.find(key("10.0.0.1"))) == "new");
}

TEST_CASE("pods that a new listing does not have are deleted") {
  testing::FakeClock clock;
  PodCache cache({.grace = 1s}, clock);
  REQUIRE(cache.put(pod("gone", "10.0.0.1")));
  REQUIRE(cache.put(pod("stays", "10.0.0.2")));
  cache.listing_begins();
  REQUIRE(cache.put(pod("stays", "10.0.0.2")));
  cache.listing_ended();
  clock.advance(2s);
  cache.expire();
  CHECK(cache.find(key("gone")) == nullptr);
  CHECK(uid_of(cache.find(key("stays"))) == "stays");
}

TEST_CASE("a full cache takes no more pods, but forgets deleted ones early") {
  testing::FakeClock clock;
  PodCache measure({}, clock);
  REQUIRE(measure.put(pod("a", "10.0.0.1")));
  PodCache cache({.size_max = Bytes{measure.memory_bytes() * 2}, .grace = 1h}, clock);
  CHECK(cache.put(pod("a", "10.0.0.1")));
  CHECK(cache.put(pod("b", "10.0.0.2")));
  CHECK_FALSE(cache.put(pod("c", "10.0.0.3")));
  cache.remove(key("a"));
  CHECK(cache.put(pod("c", "10.0.0.3")));
  CHECK(cache.find(key("a")) == nullptr);
  CHECK(uid_of(cache.find(key("b"))) == "b");
}

TEST_CASE("two thousand pods with ten attributes and three keys need at most four megabytes") {
  testing::FakeClock clock;
  [[maybe_unused]] const auto before = ::mallinfo2();
  PodCache cache({}, clock);
  for (int i = 0; i < 2000; ++i) {
    const std::string uid = "0b1c2d3e-4f50-6172-8394-a5b6c7d8" + std::to_string(1000 + i);
    const std::string name = "some-training-job-worker-" + std::to_string(i) + "-x7z9q";
    const std::string id(64, static_cast<char>('a' + i % 26));
    KnownPod::Draft draft;
    draft.id = key(uid);
    draft.keys = {key(uid), key(name), key(id)};
    for (const char* attribute : {"k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.pod.start_time",
                                  "k8s.deployment.name", "k8s.node.name", "k8s.pod.labels.app", "k8s.pod.labels.team",
                                  "k8s.pod.labels.version", "k8s.pod.annotations.rank"})
      draft.attributes.push_back({attribute, Value::of(name)});
    draft.containers = {
        {.name = "app", .image_name = "registry.example.com/team/image", .image_tag = "v1.2.3", .id = id}};
    REQUIRE(cache.put(KnownPod::make(draft)));
  }
  CHECK(cache.memory_bytes() <= 4'000'000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const auto held = ::mallinfo2().uordblks + ::mallinfo2().hblkhd - before.uordblks - before.hblkhd;
  MESSAGE("2,000 pods: " << held << " bytes, " << cache.memory_bytes() << " by the cache's own account");
  CHECK(held <= 4'000'000);
  CHECK(static_cast<double>(cache.memory_bytes()) > 0.85 * static_cast<double>(held));
#endif
}

}  // namespace
