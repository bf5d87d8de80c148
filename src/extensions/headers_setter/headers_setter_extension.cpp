// A client authenticator that may have another one behind it, which is looked up for each request: it may start later,
// and be replaced by a reload.
#include "extensions/headers_setter/headers_setter_extension.hpp"

#include "component/authentication.hpp"
#include "component/settings/delivery_settings.hpp"
#include "component/settings/watched_file.hpp"

namespace rankwire::headers_setter {

namespace {

enum class Action : std::uint8_t { insert, update, upsert, remove };

struct HeaderConfig {
  Action action = Action::upsert;
  std::string key;
  config::Secret value;
  std::string value_file, from_context, from_attribute;
  config::Secret default_value;

  void fields(config::Fields& f) {
    f.choice("action", action,
             {{"insert", static_cast<int>(Action::insert)},
              {"update", static_cast<int>(Action::update)},
              {"upsert", static_cast<int>(Action::upsert)},
              {"delete", static_cast<int>(Action::remove)}},
             "What to do: add it if it is absent, change it if it is there, either, or take it away.");
    f.field("key", key, "The header.");
    f.field("value", value, "What to set it to.");
    f.field("value_file", value_file, "A file with the value instead; read again when it changes.");
    f.field("from_context", from_context, "A header of the request that brought the batch instead.");
    f.field("from_attribute", from_attribute, "What the receiver's authenticator found out instead, as \"username\".");
    f.field("default_value", default_value,
            "In place of `from_context` and `from_attribute` where these find nothing.");
  }
  void validate(config::Validator& v) const;
};

bool is_sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

void HeaderConfig::validate(config::Validator& v) const {
  const bool is_name = !key.empty() && std::all_of(key.begin(), key.end(),
                                                   [](unsigned char c) { return c > ' ' && c < 0x7f && c != ':'; });
  if (!is_name) v.error("key", key.empty() ? "must be set" : "is not the name of a header");
  const int sources = (value.empty() ? 0 : 1) + (value_file.empty() ? 0 : 1) + (from_context.empty() ? 0 : 1) +
                      (from_attribute.empty() ? 0 : 1);
  if (action != Action::remove && sources == 0)
    v.error("value", "one of `value`, `value_file`, `from_context` and `from_attribute` must be set");
  if (action != Action::remove && sources > 1)
    v.error("value", "only one of `value`, `value_file`, `from_context` and `from_attribute` may be set");
  if (!is_sendable(value.reveal())) v.error("value", "must not have line breaks in it");
  if (!is_sendable(default_value.reveal())) v.error("default_value", "must not have line breaks in it");
}

struct HeadersSetterConfig {
  std::vector<HeaderConfig> headers;
  std::optional<config::ComponentId> additional_auth;

  void fields(config::Fields& f) {
    f.list("headers", headers, "What to do, in this order.");
    f.field("additional_auth", additional_auth, "Another extension whose credentials are added after that.");
  }
  void validate(config::Validator& v) const {
    if (headers.empty()) v.error("headers", "must have at least one header");
  }
};

// A value that is read from a file.
class FileValue {
 public:
  FileValue(const std::string& path, const ComponentContext& context)
      : file_(path, context, [this](std::string_view text) { return take(text); }) {}

  Result<void> start() { return file_.read(); }
  std::string current() {
    file_.look();
    const std::lock_guard lock(mutex_);
    return value_.reveal();
  }

 private:
  Result<void> take(std::string_view text) {
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    if (!is_sendable(line)) return Error(ErrorKind::invalid, "it has control characters in it");
    const std::lock_guard lock(mutex_);
    value_ = config::Secret(std::string(line));
    return {};
  }

  std::mutex mutex_;
  config::Secret value_;  // Guarded by mutex_.
  WatchedFile file_;
};

class HeadersSetter final : public Extension, public ClientAuthenticator {
 public:
  HeadersSetter(HeadersSetterConfig config, const ComponentContext& context) : config_(std::move(config)) {
    for (const HeaderConfig& header : config_.headers) {
      files_.push_back(header.value_file.empty() ? nullptr : std::make_unique<FileValue>(header.value_file, context));
      if (!header.from_context.empty() && header.action != Action::remove) keys_.push_back(header.from_context);
    }
    keys_ = in_lower_case(std::move(keys_));
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }

  Result<void> start(Host& host) override {
    host_ = &host;
    for (const auto& file : files_)
      if (file) RANKWIRE_TRY(file->start());
    return {};
  }

  Result<void> authorize(net::Headers& headers, const Client* client) override {
    for (std::size_t i = 0; i < config_.headers.size(); ++i)
      apply(config_.headers[i], files_[i].get(), headers, client);
    if (!config_.additional_auth) return {};
    ClientAuthenticator* const next = additional();
    if (next == nullptr)
      return Error(ErrorKind::invalid, "additional_auth names \"" + config_.additional_auth->text() +
                                           "\", which has no credentials for requests that go out");
    return next->authorize(headers, client);
  }
  bool was_denied() override {
    ClientAuthenticator* const next = additional();
    const bool has_file = std::any_of(files_.begin(), files_.end(), [](const auto& file) { return file != nullptr; });
    return (next != nullptr && next->was_denied()) || has_file;
  }
  bool needs_tls() const override {
    const ClientAuthenticator* const next = additional();
    return next != nullptr && next->needs_tls();
  }
  std::vector<std::string> metadata_keys() const override { return keys_; }

 private:
  ClientAuthenticator* additional() const {
    if (!config_.additional_auth || host_ == nullptr) return nullptr;
    return dynamic_cast<ClientAuthenticator*>(host_->extension(*config_.additional_auth));
  }

  // Several where the sender had the header several times.
  static std::vector<std::string> found(const HeaderConfig& header, FileValue* file, const Client* client) {
    if (file != nullptr) return {file->current()};
    if (!header.value.empty()) return {header.value.reveal()};
    std::vector<std::string> values;
    if (client != nullptr && !header.from_context.empty())
      for (const auto& [name, value] : client->metadata)
        if (is_same_header(name, header.from_context) && is_sendable(value)) values.push_back(value);
    if (client != nullptr && !header.from_attribute.empty())
      for (const auto& [name, value] : client->auth)
        if (name == header.from_attribute && is_sendable(value)) values.push_back(value);
    if (values.empty() && !header.default_value.empty()) values.push_back(header.default_value.reveal());
    return values;
  }

  static void apply(const HeaderConfig& header, FileValue* file, net::Headers& headers, const Client* client) {
    const auto is_it = [&](const auto& one) { return is_same_header(one.first, header.key); };
    const bool is_there = std::any_of(headers.begin(), headers.end(), is_it);
    if (header.action == Action::insert && is_there) return;
    if (header.action == Action::update && !is_there) return;
    const bool is_removed = header.action == Action::remove;
    std::vector<std::string> values = is_removed ? std::vector<std::string>() : found(header, file, client);
    if (values.empty() && !is_removed) return;
    std::erase_if(headers, is_it);
    for (std::string& value : values) headers.emplace_back(header.key, std::move(value));
  }

  const HeadersSetterConfig config_;
  std::vector<std::unique_ptr<FileValue>> files_;  // Of each header; null: its value is not from a file.
  std::vector<std::string> keys_;
  Host* host_ = nullptr;
};

Result<std::unique_ptr<Extension>> create(const HeadersSetterConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<HeadersSetter>(config, context));
}

}  // namespace

ExtensionFactory headers_setter_factory() {
  return make_factory<HeadersSetterConfig, Extension>(
      {.type = "headers_setter",
       .aliases = {},
       .summary = "Headers of requests that go out: fixed ones, and what the sender of a batch said.",
       .signals = {},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::headers_setter
