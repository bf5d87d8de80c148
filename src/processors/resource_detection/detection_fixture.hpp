// Detectors under test: variables and files that a test sets, and a stand-in for metadata services.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

#include "processors/resource_detection/detectors.hpp"
#include "testing/raw_server.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::resource_detection {

// Answers paths with texts, as version 2 of the instance metadata service does, or as a test wants.
class MetadataServer {
 public:
  enum class Tokens : std::uint8_t { wanted, unwanted, unanswered };

  explicit MetadataServer(Tokens tokens = Tokens::wanted) : tokens_(tokens) {}

  void set(const std::string& path, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answers_[path] = body;
  }
  void fail_next(int count) { failures_ = count; }
  std::string url() { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  int requests() const { return requests_; }

  // An instance with everything that is asked for.
  void set_instance() {
    set("/latest/dynamic/instance-identity/document",
        R"({"region":"us-east-1","accountId":"123456789012","availabilityZone":"us-east-1a","instanceId":"i-0abc",)"
        R"("imageId":"ami-1","instanceType":"p4d.24xlarge","billingProducts":null})");
    set("/latest/meta-data/hostname", "ip-10-0-0-1.ec2.internal");
  }

 private:
  void serve(testing::RawConnection& connection) {
    for (;;) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      ++requests_;
      const std::size_t begin = request.find(' ') + 1;
      const std::string path = request.substr(begin, request.find(' ', begin) - begin);
      if (request.starts_with("PUT ")) {
        if (tokens_ == Tokens::unanswered) return connection.drain();
        if (tokens_ == Tokens::unwanted || path != "/latest/api/token") {
          connection.answer(404);
          continue;
        }
        CHECK(request.find("X-aws-ec2-metadata-token-ttl-seconds: 21600") != std::string::npos);
        connection.answer(200, "the-token");
        continue;
      }
      answer(connection, path, request.find("X-aws-ec2-metadata-token: the-token") != std::string::npos);
    }
  }
  void answer(testing::RawConnection& connection, const std::string& path, bool has_token) {
    if (tokens_ == Tokens::wanted && path.starts_with("/latest/") && !has_token) return connection.answer(401);
    if (failures_ > 0) {
      --failures_;
      return connection.answer(503);
    }
    const std::lock_guard lock(mutex_);
    const auto at = answers_.find(path);
    if (at == answers_.end())
      connection.answer(404);
    else
      connection.answer(200, at->second);
  }

  const Tokens tokens_;
  std::mutex mutex_;
  std::map<std::string, std::string> answers_;  // Guarded by mutex_.
  std::atomic<int> failures_{0}, requests_{0};
  testing::RawServer server_{[this](testing::RawConnection& connection) { serve(connection); }};
};

struct DetectorFixture {
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = directory.path() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string variable(const char* name) const {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  }
  Surroundings surroundings() {
    return {environment, [this](const char* name) { return variable(name); }, directory.path()};
  }
  // "key=value", in alphabetical order; "error: …" if there is one.
  std::vector<std::string> detect(Detector& detector, Duration wait = std::chrono::seconds(5)) {
    auto found = detector.detect(Deadline::after(clock, wait), {});
    if (!found) return {"error: " + found.error().message()};
    schema_url = found->schema_url;
    std::vector<std::string> lines;
    for (const auto& [key, value] : found->attributes) lines.push_back(key + "=" + text_of(value));
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  static std::string text_of(const FoundValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    std::string all;
    for (const std::string& text : std::get<std::vector<std::string>>(value)) all += (all.empty() ? "" : ",") + text;
    return "[" + all + "]";
  }

  testing::TemporaryDirectory directory;
  std::map<std::string, std::string, std::less<>> variables;
  std::string schema_url;
  SystemClock clock;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  std::unique_ptr<Random> random = make_random(1);
  NullLogger log;
  Counters counters;
  Environment environment{clock, *files, *network, *random, log, counters, BufferPool::make(1 << 20)};
};

using Lines = std::vector<std::string>;

// The value of a switch, for any of the detectors' configurations.
inline void enable(AttributeSwitches& switches, std::initializer_list<std::string_view> names) {
  for (auto& [name, is_on] : switches.switches)
    for (const std::string_view wanted : names) is_on |= name == wanted;
}

}  // namespace rankwire::resource_detection
