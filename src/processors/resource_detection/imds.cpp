#include "processors/resource_detection/imds.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "text/json_value.hpp"

namespace rankwire::resource_detection {
namespace {

constexpr std::uint64_t answer_bytes_max = 256 * 1024;
constexpr const char* token_seconds = "21600";
// An answer that cannot get back (one hop too many) never comes: the token is not worth longer.
constexpr auto token_wait_max = std::chrono::seconds(1);

bool is_on(const std::string& text) { return text == "true" || text == "TRUE" || text == "True" || text == "1"; }

std::string field(const Value& document, std::string_view name) {
  const Value* value = find(document.entries(), name);
  return value != nullptr && value->is_text() ? std::string(value->text()) : std::string();
}

}  // namespace

bool pause(const Clock& clock, Duration length, Deadline deadline, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const Instant until = std::min(deadline.at, clock.now() + length);
  never.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested() && !deadline.has_passed(clock);
}

Imds::Imds(const Surroundings& surroundings, ImdsOptions options, net::Url base)
    : clock_(&surroundings.environment.clock), random_(&surroundings.environment.random), options_(options) {
  net::HttpClientOptions client;
  client.base = std::move(base);
  client.response_bytes_max = answer_bytes_max;
  client_ = std::make_unique<net::HttpClient>(std::move(client), surroundings.environment.network,
                                              surroundings.environment.clock);
}

Result<Imds> Imds::open(const Surroundings& surroundings, ImdsOptions options) {
  if (is_on(surroundings.variable("AWS_EC2_METADATA_DISABLED")))
    return Error(ErrorKind::invalid, "the instance metadata service is disabled by AWS_EC2_METADATA_DISABLED");
  std::string address = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (address.empty())
    address = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6" ? "http://[fd00:ec2::254]"
                                                                                        : "http://169.254.169.254";
  auto base = net::Url::parse(address);
  if (!base) return std::move(base).error().during("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base->scheme != "http") return Error(ErrorKind::invalid, "the instance metadata service is spoken to by http");
  return Imds(surroundings, options, std::move(*base));
}

Result<net::HttpResponse> Imds::ask(const net::HttpRequest& request, Deadline deadline, std::stop_token stop) {
  Duration backoff = std::chrono::milliseconds(50);
  for (std::uint64_t attempt = 1;; ++attempt) {
    auto answer = client_->send(request, deadline, stop);
    const bool is_passing = !answer || answer->status >= 500 || answer->status == 429;
    if (!is_passing || attempt >= options_.attempts) return answer;
    const auto jitter = Duration(static_cast<std::int64_t>(static_cast<double>(backoff.count()) * random_->unit()));
    if (!pause(*clock_, std::min<Duration>(backoff + jitter, options_.backoff_max), deadline, stop)) return answer;
    backoff *= 2;
  }
}

Result<void> Imds::fetch_token(Deadline deadline, std::stop_token stop) {
  has_asked_for_token_ = true;
  token_.clear();
  const net::HttpRequest request{.method = "PUT",
                                 .target = "/latest/api/token",
                                 .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", token_seconds}},
                                 .body = {}};
  const Deadline soon{std::min(deadline.at, clock_->now() + token_wait_max)};
  auto answer = client_->send(request, soon, stop);
  if (!answer && deadline.has_passed(*clock_)) return std::move(answer).error().during("asking for a token");
  if (answer && answer->status == 200) {
    token_ = answer->body;
    const bool is_header = std::all_of(token_.begin(), token_.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (token_.empty() || !is_header) return Error(ErrorKind::unavailable, "the token is not one");
    return {};
  }
  without_token_ = answer ? "the token request was answered with status " + std::to_string(answer->status)
                          : "the token request got no answer (" + answer.error().message() + ")";
  return {};
}

Result<std::string> Imds::get(std::string_view path, Deadline deadline, std::stop_token stop) {
  if (!has_asked_for_token_) RANKWIRE_TRY(fetch_token(deadline, stop));
  for (const bool may_renew : {true, false}) {
    net::HttpRequest request{.method = "GET", .target = "/latest/" + std::string(path), .headers = {}, .body = {}};
    if (!token_.empty()) request.headers.emplace_back("X-aws-ec2-metadata-token", token_);
    auto answer = ask(request, deadline, stop);
    if (!answer) return std::move(answer).error().during("asking the instance metadata service");
    if (answer->status == 200) return std::move(answer->body);
    if (answer->status == 404)
      return Error(ErrorKind::invalid, "no " + std::string(path) + " in the instance metadata");
    if (answer->status == 401 && may_renew && !token_.empty()) {
      RANKWIRE_TRY(fetch_token(deadline, stop));
      continue;
    }
    std::string message = "the instance metadata service answered with status " + std::to_string(answer->status);
    if (token_.empty() && answer->status == 401)
      message += ": it wants a token, but " + without_token_ + "; raise the hop limit of the instance to 2";
    return Error(ErrorKind::unavailable, std::move(message));
  }
  return Error(ErrorKind::unavailable, "the instance metadata service takes no token");
}

Result<ImdsIdentity> Imds::identity(Deadline deadline, std::stop_token stop) {
  auto text = get("dynamic/instance-identity/document", deadline, stop);
  if (!text) return std::move(text).error();
  Arena arena;
  Value document;
  if (!text::read_json_object(*text, text::NumberForm::real, arena, document))
    return Error(ErrorKind::unavailable, "the instance identity document is not JSON");
  return ImdsIdentity{.region = field(document, "region"),
                      .account_id = field(document, "accountId"),
                      .availability_zone = field(document, "availabilityZone"),
                      .instance_id = field(document, "instanceId"),
                      .image_id = field(document, "imageId"),
                      .instance_type = field(document, "instanceType")};
}

Result<std::vector<std::string>> Imds::tag_keys(Deadline deadline, std::stop_token stop) {
  auto text = get("meta-data/tags/instance", deadline, stop);
  if (!text) return std::move(text).error();
  constexpr std::size_t tags_max = 50;  // As many as EC2 allows.
  std::vector<std::string> keys;
  std::string_view rest = *text;
  while (!rest.empty() && keys.size() < tags_max) {
    const std::size_t end = rest.find('\n');
    const std::string_view key = rest.substr(0, end);
    if (!key.empty()) keys.emplace_back(key);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return keys;
}

Result<std::string> Imds::tag(const std::string& key, Deadline deadline, std::stop_token stop) {
  // Keys in metadata have letters, digits and + - = . , _ : @ only, but what is answered here is not trusted.
  const bool is_plain = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!is_plain) return Error(ErrorKind::invalid, "a tag whose key cannot be asked for");
  return get("meta-data/tags/instance/" + key, deadline, stop);
}

}  // namespace rankwire::resource_detection
