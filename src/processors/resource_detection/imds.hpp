// The instance metadata service of EC2, version 2: a token first, then paths with it. Where the token request is not
// answered (a container beyond the hop limit) version 1 is tried, which an instance may still allow.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http_client.hpp"
#include "processors/resource_detection/detector.hpp"

namespace rankwire::resource_detection {

struct ImdsOptions {
  std::uint64_t attempts = 3;
  Duration backoff_max = std::chrono::seconds(20);
};

struct ImdsIdentity {
  std::string region, account_id, availability_zone, instance_id, image_id, instance_type;
};

// Of one detection, on one thread.
class Imds {
 public:
  static Result<Imds> open(const Surroundings& surroundings, ImdsOptions options);

  // Below /latest/, without the slash: "meta-data/hostname". `invalid`: there is no such thing.
  Result<std::string> get(std::string_view path, Deadline deadline, std::stop_token stop);
  Result<ImdsIdentity> identity(Deadline deadline, std::stop_token stop);
  Result<std::vector<std::string>> tag_keys(Deadline deadline, std::stop_token stop);
  Result<std::string> tag(const std::string& key, Deadline deadline, std::stop_token stop);

 private:
  Imds(const Surroundings& surroundings, ImdsOptions options, net::Url base);
  Result<void> fetch_token(Deadline deadline, std::stop_token stop);
  Result<net::HttpResponse> ask(const net::HttpRequest& request, Deadline deadline, std::stop_token stop);

  Clock* clock_;
  Random* random_;
  ImdsOptions options_;
  std::unique_ptr<net::HttpClient> client_;
  std::string token_;
  bool has_asked_for_token_ = false;
  std::string without_token_;  // Why there is none.
};

// Waits, but not beyond the deadline; false when that has passed or `stop` is asked for.
bool pause(const Clock& clock, Duration length, Deadline deadline, std::stop_token stop);

}  // namespace rankwire::resource_detection
