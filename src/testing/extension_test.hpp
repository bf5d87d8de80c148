// One extension from YAML text, on a clock that stands still; and a host that has one extension of any kind.
#pragma once

#include <doctest/doctest.h>

#include "component/authentication.hpp"
#include "config/load.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::testing {

// Whatever is asked for.
class HostOf final : public Host {
 public:
  explicit HostOf(Extension* extension) : extension_(extension) {}
  Extension* extension(const config::ComponentId&) override { return extension_; }

 private:
  Extension* const extension_;
};

// Credentials that a test decides.
class FakeCredentials final : public Extension, public ClientAuthenticator {
 public:
  Result<void> authorize(net::Headers& headers, const Client*) override {
    if (lacking) return *lacking;
    set_header(headers, "Authorization", value);
    return {};
  }
  bool was_denied() override {
    ++denials;
    return is_renewed;
  }
  bool needs_tls() const override { return is_secret; }

  std::string value = "Bearer abc";
  std::optional<Error> lacking;
  bool is_renewed = false, is_secret = true;
  int denials = 0;
};

struct ExtensionFixture {
  explicit ExtensionFixture(ExtensionFactory of) : factory(std::move(of)) {}

  AnyConfig parse(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
    AnyConfig config = factory.parse(node, "extensions::" + factory.info.type, diagnostics);
    problems = diagnostics.has_errors() || !diagnostics.all().empty() ? diagnostics.text() : "";
    return config;
  }
  // What is wrong with a configuration; empty: nothing.
  std::string refusal(const std::string& yaml) {
    parse(yaml);
    return problems;
  }
  void make(const std::string& yaml) {
    const AnyConfig config = parse(yaml);
    REQUIRE_MESSAGE(problems.empty(), problems);
    auto made = factory.create(config, environment.context(factory.info.type));
    REQUIRE_MESSAGE(made, made.error().message());
    extension = std::move(*made);
  }
  void start(const std::string& yaml) {
    make(yaml);
    const auto started = extension->start(host);
    REQUIRE_MESSAGE(started, started.error().message());
  }

  // "username=ann", or what the sender hears.
  std::string let_in(const std::string& header, const std::string& value) {
    net::RequestHead head;
    if (!header.empty()) head.headers = {{header, value}};
    const auto identity = dynamic_cast<ServerAuthenticator&>(*extension).authenticate(head);
    if (!identity) return std::string(to_string(identity.error().kind())) + ": " + identity.error().message();
    std::string text;
    for (const auto& [name, found] : *identity) text.append(text.empty() ? "" : " ").append(name).append("=" + found);
    return text;
  }
  // All headers of a request that had none; several in lines.
  std::string sent(const Client* client = nullptr) { return sent(net::Headers{}, client); }
  std::string sent(net::Headers headers, const Client* client = nullptr) {
    const auto done = dynamic_cast<ClientAuthenticator&>(*extension).authorize(headers, client);
    if (!done) return std::string(to_string(done.error().kind())) + ": " + done.error().message();
    std::string text;
    for (const auto& [name, value] : headers) text.append(text.empty() ? "" : "\n").append(name).append(": " + value);
    return text;
  }

  TestEnvironment environment;
  HostOf host{nullptr};
  ExtensionFactory factory;
  std::string problems;
  std::unique_ptr<Extension> extension;
};

}  // namespace rankwire::testing
