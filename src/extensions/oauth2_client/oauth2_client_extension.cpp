// Tokens are fetched by a thread of the extension's own, before the last one ends: no batch ever waits for the
// authorization server, except for the first token.
#include "extensions/oauth2_client/oauth2_client_extension.hpp"

#include "component/authentication.hpp"
#include "component/timer.hpp"
#include "extensions/oauth2_client/oauth2_client_config.hpp"
#include "extensions/oauth2_client/token_request.hpp"

namespace rankwire::oauth2_client {

namespace {

using namespace std::chrono_literals;

constexpr Duration timeout_default = 30s, retry_first = 1s, retry_max = 60s, renewal_min = 10s;
constexpr std::uint64_t file_bytes_max = 64 << 10, answer_bytes_max = 256 << 10;

class OAuth2Client final : public Extension, public ClientAuthenticator {
 public:
  OAuth2Client(OAuth2ClientConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        environment_(context.environment),
        id_(context.id.text()),
        url_(*net::Url::parse(config_.token_url)),
        tokens_(environment_.counters.counter("rankwire_oauth2_client_tokens_total", "Tokens that were received.",
                                              {{"extension", id_}})),
        failures_(environment_.counters.counter("rankwire_oauth2_client_failures_total",
                                                "Requests for a token that failed.", {{"extension", id_}})),
        timer_(environment_.clock, "rw-oauth2", [this](const std::stop_token& stop) { return renew(stop); }) {}

  Result<void> start(Host&) override {
    net::HttpClientOptions options;
    options.base = url_;
    options.response_bytes_max = answer_bytes_max;
    if (url_.scheme == "https") {
      auto tls =
          net::make_tls_client(tls_client_options(config_.tls, {"http/1.1"}), environment_.clock, &environment_.log);
      if (!tls) return std::move(tls).error().during("setting up TLS");
      options.tls = std::move(*tls);
    } else {
      environment_.log.warn("the client's secret goes over the network where others can read it: use https",
                            {{"component", id_}, {"endpoint", url_.endpoint.text()}});
    }
    client_ = std::make_unique<net::HttpClient>(std::move(options), environment_.network, environment_.clock);
    return timer_.start(environment_.clock.now());
  }

  void stop(Deadline) override { timer_.stop(); }

  Result<void> authorize(net::Headers& headers, const rankwire::Client*) override {
    const Instant now = environment_.clock.now();
    const std::lock_guard lock(mutex_);
    if (now < ends_at_) {
      set_header(headers, "Authorization", token_.reveal());
      return {};
    }
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next_try_ - now) + 100ms;
    return Error(ErrorKind::unavailable,
                 "no token of the authorization server yet" + (problem_.empty() ? problem_ : ": " + problem_),
                 std::max<std::chrono::milliseconds>(wait, 100ms));
  }

  bool was_denied() override {
    Instant earliest;
    {
      const std::lock_guard lock(mutex_);
      earliest = fetched_at_ + renewal_min;
    }
    timer_.wake_at(std::max(environment_.clock.now(), earliest));
    return true;
  }

 private:
  Result<std::string> from_file(const std::string& path) {
    auto text = read_file(environment_.files, path, file_bytes_max);
    if (!text) return std::move(text).error().during("reading " + path);
    text->resize(std::min(text->size(), text->find_first_of("\r\n")));
    if (text->empty()) return Error(ErrorKind::invalid, path + " is empty");
    return text;
  }

  Result<Client> client_now() {
    Client client{config_.client_id, config_.client_secret};
    if (!config_.client_id_file.empty()) {
      auto id = from_file(config_.client_id_file);
      if (!id) return std::move(id).error();
      client.id = std::move(*id);
    }
    if (!config_.client_secret_file.empty()) {
      auto secret = from_file(config_.client_secret_file);
      if (!secret) return std::move(secret).error();
      client.secret = config::Secret(std::move(*secret));
    }
    return client;
  }

  Result<Token> ask(const Client& client, Style style, const std::stop_token& stop) {
    const Form form = token_form(client, style, config_.scopes, parameters(config_.endpoint_params));
    net::HttpRequest request;
    request.target = url_.target;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    if (!form.authorization.empty()) request.headers.emplace_back("Authorization", form.authorization.reveal());
    const std::string_view body = form.body.reveal();
    request.body = {&body, 1};
    const Duration timeout = config_.timeout > Duration{0} ? config_.timeout : timeout_default;
    auto response = client_->send(request, Deadline::after(environment_.clock, timeout), stop);
    if (!response) return std::move(response).error();
    return read_token(*response);
  }

  Result<Token> fetch(const std::stop_token& stop) {
    auto client = client_now();
    if (!client) return std::move(client).error();
    auto token = ask(*client, style_, stop);
    if (token || token.error().kind() != ErrorKind::denied) return token;
    const Style other = style_ == Style::header ? Style::body : Style::header;
    auto again = ask(*client, other, stop);
    if (again) style_ = other;
    return again ? std::move(again) : std::move(token);
  }

  // On the timer's thread. When it wants to run again.
  Instant renew(const std::stop_token& stop) {
    auto token = fetch(stop);
    const Instant now = environment_.clock.now();
    const std::lock_guard lock(mutex_);
    if (!token) return failed(token.error(), now, stop);
    tokens_.add(1);
    if (!problem_.empty()) environment_.log.info("a token was received again", {{"component", id_}});
    problem_.clear();
    retry_after_ = retry_first;
    token_ = std::move(token->value);
    fetched_at_ = now;
    ends_at_ = token->lifetime > Duration{0} ? now + token->lifetime : Instant::max();
    if (token->lifetime == Duration{0}) return next_try_ = Timer::never;
    const Duration before = std::min<Duration>(config_.expiry_buffer, token->lifetime / 2);
    return next_try_ = now + std::max<Duration>(token->lifetime - before, 1s);
  }

  Instant failed(const Error& error, Instant now, const std::stop_token& stop) {
    if (stop.stop_requested()) return Timer::never;
    failures_.add(1);
    problem_ = error.message();
    environment_.log.warn("no token was received", {{"component", id_}, {"problem", problem_}});
    const auto half = std::chrono::duration_cast<Duration>(retry_after_ / 2);
    next_try_ = now + half + std::chrono::duration_cast<Duration>(half * environment_.random.unit());
    retry_after_ = std::min<Duration>(retry_after_ * 2, retry_max);
    return next_try_;
  }

  const OAuth2ClientConfig config_;
  Environment& environment_;
  const std::string id_;
  const net::Url url_;
  Counter& tokens_;
  Counter& failures_;
  std::unique_ptr<net::HttpClient> client_;  // Set at start.
  Style style_ = Style::header;              // Of the timer's thread.
  std::mutex mutex_;
  config::Secret token_;  // Guarded by mutex_, as is what follows.
  Instant ends_at_ = Instant::min(), fetched_at_{}, next_try_{};
  Duration retry_after_ = retry_first;
  std::string problem_;
  Timer timer_;  // Last: stopped before the rest goes.
};

Result<std::unique_ptr<Extension>> create(const OAuth2ClientConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<OAuth2Client>(config, context));
}

}  // namespace

ExtensionFactory oauth2_client_factory() {
  return make_factory<OAuth2ClientConfig, Extension>(
      {.type = "oauth2_client",
       .aliases = {"oauth2client"},
       .summary = "Tokens of an OAuth 2.0 authorization server, for requests that go out.",
       .signals = {},
       .stability = Stability::beta,
       .faces_untrusted_input = true},
      create);
}

}  // namespace rankwire::oauth2_client
