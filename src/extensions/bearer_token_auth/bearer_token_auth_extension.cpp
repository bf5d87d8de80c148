// Both sides in one: servers let in whoever has any of the tokens, clients send the first.
#include "extensions/bearer_token_auth/bearer_token_auth_extension.hpp"

#include <openssl/crypto.h>

#include "component/authentication.hpp"
#include "component/settings/watched_file.hpp"

namespace rankwire::bearer_token_auth {

namespace {

constexpr std::size_t tokens_max = 10'000;

using Tokens = std::vector<config::Secret>;

struct BearerTokenAuthConfig {
  std::string header = "Authorization";
  std::string scheme = "Bearer";
  config::Secret token;
  std::vector<config::Secret> tokens;
  std::string filename;

  void fields(config::Fields& f) {
    f.field("header", header, "The header that has the token.");
    f.field("scheme", scheme, "The word before the token; empty: none.");
    f.field("token", token, "The token.");
    f.field("tokens", tokens, "Several tokens: servers take any of them, clients send the first.");
    f.field("filename", filename, "A file with a token in each line instead; read again when it changes.");
  }
  void validate(config::Validator& v) const;
};

bool is_sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

void BearerTokenAuthConfig::validate(config::Validator& v) const {
  if (token.empty() && tokens.empty() && filename.empty())
    v.error("", "needs a token", "set `token`, `tokens` or `filename`");
  if (!token.empty() && !tokens.empty()) v.error("tokens", "is there beside `token`", "put them all into `tokens`");
  if (!filename.empty() && (!token.empty() || !tokens.empty()))
    v.warning("filename", "wins over the token that is written here");
  const bool is_name = !header.empty() && std::all_of(header.begin(), header.end(),
                                                      [](unsigned char c) { return c > ' ' && c < 0x7f && c != ':'; });
  if (!is_name) v.error("header", "is not the name of a header");
  if (!is_sendable(scheme)) v.error("scheme", "must not have line breaks in it");
  if (!is_sendable(token.reveal())) v.error("token", "must not have line breaks in it", "is there one at its end?");
  for (const config::Secret& one : tokens)
    if (one.empty() || !is_sendable(one.reveal())) v.error("tokens", "must not be empty or have line breaks in them");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\v\f";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

class BearerTokenAuth final : public Extension, public ClientAuthenticator, public ServerAuthenticator {
 public:
  BearerTokenAuth(BearerTokenAuthConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        header_(in_lower_case(config_.header)),
        file_(
            config_.filename, context, [this](const std::string& text) { return take(text); }, 1_MiB),
        counters_(context.environment.counters),
        id_(context.id.text()) {
    Tokens values;
    if (!config_.token.empty()) values.push_back(value_of(config_.token.reveal()));
    for (const config::Secret& one : config_.tokens) values.push_back(value_of(one.reveal()));
    values_ = std::make_shared<const Tokens>(std::move(values));
  }

  Result<void> start(Host&) override { return config_.filename.empty() ? Result<void>() : file_.read(); }

  Result<void> authorize(net::Headers& headers, const Client*) override {
    set_header(headers, config_.header, values()->front().reveal());
    return {};
  }
  bool was_denied() override { return !config_.filename.empty(); }

  Result<net::Headers> authenticate(const net::RequestHead& head) override {
    const std::string_view given = head.header(header_);
    if (given.empty()) return turned_away("missing", "missing or empty header: " + config_.header);
    bool is_known = false;
    for (const config::Secret& value : *values()) is_known |= is_equal(value.reveal(), given);
    if (!is_known) return turned_away("wrong", "scheme or token does not match");
    return net::Headers{};
  }
  std::string challenge() const override { return (config_.scheme.empty() ? "Bearer" : config_.scheme); }

 private:
  static std::string in_lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return text;
  }
  static bool is_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
  }
  config::Secret value_of(std::string_view token) const {
    std::string value = config_.scheme.empty() ? "" : config_.scheme + " ";
    return config::Secret(value.append(token));
  }

  Error turned_away(const char* reason, std::string message) {
    counters_
        .counter("rankwire_auth_refused_total", "Requests that an authenticator did not let in.",
                 {{"extension", id_}, {"reason", reason}})
        .add(1);
    return {ErrorKind::denied, std::move(message)};
  }

  Result<void> take(std::string_view text) {
    Tokens values;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const std::string_view token = trimmed(line);
      if (token.empty()) continue;
      if (!is_sendable(token)) return Error(ErrorKind::invalid, "a token has control characters in it");
      if (values.size() == tokens_max) return Error(ErrorKind::invalid, "it has more than 10,000 tokens");
      values.push_back(value_of(token));
    }
    if (values.empty()) return Error(ErrorKind::invalid, "it has no token");
    const std::lock_guard lock(mutex_);
    values_ = std::make_shared<const Tokens>(std::move(values));
    return {};
  }

  std::shared_ptr<const Tokens> values() {
    if (!config_.filename.empty()) file_.look();
    const std::lock_guard lock(mutex_);
    return values_;
  }

  const BearerTokenAuthConfig config_;
  const std::string header_;
  WatchedFile file_;
  Counters& counters_;
  const std::string id_;
  std::mutex mutex_;
  std::shared_ptr<const Tokens> values_;  // Guarded by mutex_; as they are sent.
};

Result<std::unique_ptr<Extension>> create(const BearerTokenAuthConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<BearerTokenAuth>(config, context));
}

}  // namespace

ExtensionFactory bearer_token_auth_factory() {
  return make_factory<BearerTokenAuthConfig, Extension>(
      {.type = "bearer_token_auth",
       .aliases = {"bearertokenauth"},
       .summary = "Tokens: of requests that come in, and for requests that go out.",
       .signals = {},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::bearer_token_auth
