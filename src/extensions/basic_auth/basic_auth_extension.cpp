// Two extensions under one name: with `htpasswd` it looks at requests that come in, with `client_auth` it gives
// credentials to those that go out.
#include "extensions/basic_auth/basic_auth_extension.hpp"

#include "component/authentication.hpp"
#include "component/settings/watched_file.hpp"
#include "extensions/basic_auth/credentials.hpp"
#include "extensions/basic_auth/password_table.hpp"
#include "text/base64.hpp"

namespace rankwire::basic_auth {

namespace {

constexpr Bytes htpasswd_bytes_max = 1_MiB;

struct HtpasswdConfig {
  std::string file;
  config::Secret inline_text;

  void fields(config::Fields& f) {
    f.field("file", file, "An htpasswd file; read again when it changes.");
    f.field("inline", inline_text, "The same as text; wins over the file.");
  }
};

struct ClientAuthConfig {
  std::string username, username_file, password_file;
  config::Secret password;

  void fields(config::Fields& f) {
    f.field("username", username, "The name to send.");
    f.field("username_file", username_file, "A file with the name instead; read again when it changes.");
    f.field("password", password, "The password to send.");
    f.field("password_file", password_file, "A file with the password instead; read again when it changes.");
    f.unsupported("aws_secrets_manager", "mount the secret as a file and name it in password_file");
  }
};

struct BasicAuthConfig {
  std::optional<HtpasswdConfig> htpasswd;
  std::optional<ClientAuthConfig> client_auth;

  void fields(config::Fields& f) {
    f.optional_section("htpasswd", htpasswd, "Who is let in, for servers.");
    f.optional_section("client_auth", client_auth, "Credentials of our own, for clients.");
  }
  void validate(config::Validator& v) const;
};

void BasicAuthConfig::validate(config::Validator& v) const {
  if (htpasswd && client_auth)
    return v.error("client_auth", "is there beside `htpasswd`", "configure an extension for each, with names");
  if (!htpasswd && !client_auth) return v.error("", "needs `htpasswd` (for servers) or `client_auth` (for clients)");
  if (client_auth && client_auth->username.find(':') != std::string::npos)
    v.error("client_auth::username", "must not have a \":\" in it");
  if (!htpasswd) return;
  if (htpasswd->file.empty() && htpasswd->inline_text.empty())
    return v.error("htpasswd", "must have `file` or `inline`");
  const SystemClock clock;
  if (auto table = PasswordTable::parse({}, htpasswd->inline_text.reveal(), clock); !table)
    v.error("htpasswd::inline", table.error().message(), "lines of name:hash, as htpasswd -nB writes them");
}

std::string base64(std::string_view bytes) {
  Arena arena;
  return std::string(text::encode_base64(bytes, {}, arena));
}

class Gatekeeper final : public Extension, public ServerAuthenticator {
 public:
  Gatekeeper(HtpasswdConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        clock_(context.environment.clock),
        file_(
            config_.file, context, [this](const std::string& text) { return take(text); }, htpasswd_bytes_max),
        counters_(context.environment.counters),
        id_(context.id.text()) {}

  Result<void> start(Host&) override { return config_.file.empty() ? take({}) : file_.read(); }

  Result<net::Headers> authenticate(const net::RequestHead& head) override {
    if (!config_.file.empty()) file_.look();
    Result<Credentials> given = read_credentials(head.header("authorization"));
    if (!given) {
      const bool is_missing = head.header("authorization").empty();
      return turned_away(is_missing ? "missing" : "malformed", Error(ErrorKind::denied, given.error().message()));
    }
    switch (table()->check(given->user, given->password.reveal())) {
      case Verdict::right: return net::Headers{{"username", given->user}};
      case Verdict::busy:
        return turned_away("busy", Error(ErrorKind::refused, "too many wrong passwords at the moment: try again"));
      case Verdict::wrong: break;
    }
    return turned_away("wrong", Error(ErrorKind::denied, "invalid credentials"));
  }
  std::string challenge() const override { return "Basic realm=\"rankwire\", charset=\"UTF-8\""; }

 private:
  Error turned_away(const char* reason, Error error) {
    counters_
        .counter("rankwire_auth_refused_total", "Requests that an authenticator did not let in.",
                 {{"extension", id_}, {"reason", reason}})
        .add(1);
    return error;
  }

  Result<void> take(const std::string& text) {
    auto parsed = PasswordTable::parse(text, config_.inline_text.reveal(), clock_);
    if (!parsed) return std::move(parsed).error();
    const std::lock_guard lock(mutex_);
    table_ = std::move(*parsed);
    return {};
  }

  std::shared_ptr<PasswordTable> table() {
    const std::lock_guard lock(mutex_);
    return table_;
  }

  const HtpasswdConfig config_;
  const Clock& clock_;
  WatchedFile file_;
  Counters& counters_;
  const std::string id_;
  std::mutex mutex_;
  std::shared_ptr<PasswordTable> table_;  // Guarded by mutex_.
};

class Presenter final : public Extension, public ClientAuthenticator {
 public:
  Presenter(const ClientAuthConfig& config, const ComponentContext& context)
      : user_(config.username),
        password_(config.password),
        user_file_(config.username_file, context, [this](const std::string& text) { return take_user(text); }),
        password_file_(config.password_file, context, [this](const std::string& text) { return take_password(text); }) {
    make_value();
  }

  Result<void> start(Host&) override {
    if (!user_file_.path().empty()) RANKWIRE_TRY(user_file_.read());
    if (!password_file_.path().empty()) RANKWIRE_TRY(password_file_.read());
    return {};
  }

  Result<void> authorize(net::Headers& headers, const Client*) override {
    if (!user_file_.path().empty()) user_file_.look();
    if (!password_file_.path().empty()) password_file_.look();
    const std::lock_guard lock(mutex_);
    set_header(headers, "Authorization", value_.reveal());
    return {};
  }
  bool was_denied() override { return !user_file_.path().empty() || !password_file_.path().empty(); }

 private:
  static std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find_first_of("\r\n")));
  }
  Result<void> take_user(std::string_view text) {
    std::string user = first_line(text);
    if (user.find(':') != std::string::npos) return Error(ErrorKind::invalid, "a name must not have a \":\" in it");
    const std::lock_guard lock(mutex_);
    user_ = std::move(user);
    make_value();
    return {};
  }
  Result<void> take_password(std::string_view text) {
    const std::lock_guard lock(mutex_);
    password_ = config::Secret(first_line(text));
    make_value();
    return {};
  }
  void make_value() { value_ = config::Secret("Basic " + base64(user_ + ":" + password_.reveal())); }

  std::mutex mutex_;
  std::string user_;  // Guarded by mutex_, as is what follows.
  config::Secret password_;
  config::Secret value_;
  WatchedFile user_file_, password_file_;
};

Result<std::unique_ptr<Extension>> create(const BasicAuthConfig& config, const ComponentContext& context) {
  if (config.htpasswd) return std::unique_ptr<Extension>(std::make_unique<Gatekeeper>(*config.htpasswd, context));
  return std::unique_ptr<Extension>(std::make_unique<Presenter>(*config.client_auth, context));
}

}  // namespace

ExtensionFactory basic_auth_factory() {
  return make_factory<BasicAuthConfig, Extension>(
      {.type = "basic_auth",
       .aliases = {"basicauth"},
       .summary = "Names and passwords: of requests that come in, or for requests that go out.",
       .signals = {},
       .stability = Stability::beta,
       .faces_untrusted_input = true},
      create);
}

}  // namespace rankwire::basic_auth
