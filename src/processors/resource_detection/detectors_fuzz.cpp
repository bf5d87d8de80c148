// Detectors that are answered with anything. The first byte picks one; then come the answers in the order of its
// requests, an empty line between them: "404 body" has that status, "raw " begins an answer without a head of ours.
// What is found must be what a resource may have: keys that are not empty, and not more than was answered.
#include <algorithm>

#include "base/require.hpp"
#include "processors/resource_detection/detectors.hpp"
#include "testing/memory_file_system.hpp"
#include "testing/test_environment.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::resource_detection;

constexpr std::size_t input_bytes_max = 64 * 1024;

class Answers {
 public:
  explicit Answers(std::string_view text) : left_(text) {}
  // Once there are no more, it is as if nobody listened.
  std::optional<std::string> next() {
    if (left_.empty()) return std::nullopt;
    const std::size_t end = std::min(left_.find("\n\n"), left_.size());
    std::string_view one = left_.substr(0, end);
    left_.remove_prefix(std::min(end + 2, left_.size()));
    if (one.starts_with("raw ")) return std::string(one.substr(4));
    std::string_view status = "200";
    const bool has_status = one.size() > 4 && one[3] == ' ' && std::all_of(one.begin(), one.begin() + 3, is_digit);
    if (has_status) {
      status = one.substr(0, 3);
      one.remove_prefix(4);
    }
    return "HTTP/1.1 " + std::string(status) + " X\r\nContent-Length: " + std::to_string(one.size()) + "\r\n\r\n" +
           std::string(one);
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view left_;
};

class AnsweringStream final : public net::Stream {
 public:
  explicit AnsweringStream(Answers& answers) : answers_(answers) {}
  Result<std::size_t> read(char* into, std::size_t size, Deadline, std::stop_token) override {
    const std::size_t count = std::min(size, coming_.size());
    std::copy_n(coming_.begin(), count, into);
    coming_.erase(0, count);
    return count;
  }
  Result<void> write(std::span<const std::string_view>, Deadline, std::stop_token) override {
    coming_ += answers_.next().value_or("");
    return {};
  }
  bool is_stale() override { return false; }

 private:
  Answers& answers_;
  std::string coming_;
};

class AnsweringNetwork final : public net::Network {
 public:
  explicit AnsweringNetwork(Answers& answers) : answers_(answers) {}
  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    return std::unique_ptr<net::Stream>(std::make_unique<AnsweringStream>(answers_));
  }

 private:
  Answers& answers_;
};

template <class Config>
Config with_everything() {
  Config config;
  for (auto& [name, is_on] : config.resource_attributes.switches) is_on = true;
  return config;
}

std::string variable(const char* name) {
  const std::string_view wanted = name;
  if (wanted == "ECS_CONTAINER_METADATA_URI_V4") return "http://127.0.0.1:1/v4/x";
  if (wanted == "KUBERNETES_SERVICE_HOST") return "10.0.0.1";
  return {};
}

std::unique_ptr<Detector> detector_of(std::uint8_t which, const Surroundings& surroundings) {
  switch (which % 4) {
    case 0: return make_docker_detector(with_everything<DockerConfig>(), surroundings);
    case 1: return make_ecs_detector(with_everything<EcsConfig>(), surroundings);
    case 2: return make_eks_detector(with_everything<EksConfig>(), surroundings);
    default: break;
  }
  auto config = with_everything<Ec2Config>();
  config.tags = {"^a", "name"};
  config.max_attempts = 2;
  return make_ec2_detector(config, surroundings);
}

void check(const Found& found, std::size_t answered) {
  std::size_t texts = 0;
  for (const auto& [name, value] : found.attributes) {
    require(!name.empty(), "attributes have names");
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) texts += list->size();
  }
  require(texts <= 4 * answered, "lists are no longer than what was answered");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > input_bytes_max) return 0;
  Answers answers(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  testing::FakeClock clock;
  testing::MemoryFileSystem files;
  files.put("/etc/hostname", "c0ffee\n");
  // The token of a service account is the first answer.
  const auto first = parse_unix_answer(Answers(answers).next().value_or(""));
  files.put("/var/run/secrets/kubernetes.io/serviceaccount/token", first ? first->body : "");
  if (data[0] % 4 == 2) (void)answers.next();
  AnsweringNetwork network(answers);
  const auto random = make_random(1);
  NullLogger log;
  Counters counters;
  Environment environment{clock, files, network, *random, log, counters, BufferPool::make(1 << 16)};
  Surroundings surroundings{environment, variable, ""};
  surroundings.get_over_unix = [&answers](const auto&...) -> Result<UnixAnswer> {
    const auto answer = answers.next();
    if (!answer) return Error(ErrorKind::unavailable, "connecting: nobody listens");
    return parse_unix_answer(*answer);
  };
  const auto found = detector_of(data[0], surroundings)->detect(Deadline::never(), {});
  if (found) check(*found, size);
  return 0;
}
