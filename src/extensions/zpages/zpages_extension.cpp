// The paths are the original's. What it shows of spans inside the agent we do not have, and its page says so.
#include "extensions/zpages/zpages_extension.hpp"

#include "component/settings/page_server.hpp"

namespace rankwire::zpages {

namespace {

struct ExpvarConfig {
  void fields(config::Fields& f) {
    f.ignored("enabled", "the agent's figures are served as service::telemetry::metrics says");
  }
};

struct ZpagesConfig {
  HttpServerConfig server;
  ExpvarConfig expvar;

  ZpagesConfig() { server.listen.endpoint = "localhost:55679"; }
  void fields(config::Fields& f) {
    f.squash(server);
    f.section("expvar", expvar, "Of Go's runtime.");
  }
};

std::string row(std::initializer_list<std::string> cells) {
  std::string text = "<tr>";
  for (const std::string& cell : cells) text += "<td>" + html_escaped(cell) + "</td>";
  return text + "</tr>\n";
}

Page page(const std::string& title, const std::string& content) {
  Page made;
  made.content_type = "text/html; charset=utf-8";
  made.body = "<!doctype html>\n<html lang=\"en\"><head><title>" + title + "</title></head><body>\n<h1>" + title +
              "</h1>\n" + content + "</body></html>\n";
  return made;
}

class Zpages final : public Extension {
 public:
  Zpages(ZpagesConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        environment_(context.environment),
        server_([this](const net::RequestHead& head) { return answer(head.path); }) {}

  Result<void> start(Host& host) override {
    host_ = &host;
    started_at_ = environment_.clock.now();
    net::ServerOptions options = http_server_options(config_.server);
    if (const auto& auth = config_.server.auth) {
      authenticator_ = auth->auth;
      request_params_ = auth->request_params;
      // Looked up for each request: it may start after us.
      options.gate = [this](net::RequestHead& head) { return look_at(head); };
    }
    return server_.start(std::move(options), config_.server.tls, environment_, "pages about the agent are served");
  }

  void stop(Deadline deadline) override { server_.stop(deadline); }

 private:
  std::optional<net::ServerResponse> look_at(net::RequestHead& head) {
    auto found = server_authenticator(*host_, *authenticator_);
    if (!found) return net::ServerResponse{.status = 503, .content_type = "text/plain", .body = "try again\n"};
    net::ServerOptions options;
    require_authentication(options, **found, request_params_);
    return options.gate(head);
  }

  std::optional<Page> answer(const std::string& path) {
    if (path == "/debug/servicez") return servicez();
    if (path == "/debug/pipelinez") return pipelinez();
    if (path == "/debug/extensionz")
      return page("Extensions",
                  "<p>Those of service::extensions in the configuration, which all have started: "
                  "<code>rankwire print-config</code> shows it.</p>\n");
    if (path == "/debug/featurez")
      return page("Feature gates", "<p><code>rankwire featuregate</code> lists them.</p>\n");
    if (path == "/debug/tracez")
      return page("Spans of the agent's own",
                  "<p>There are none: its counters say how long things take "
                  "(service::telemetry::metrics).</p>\n");
    if (path == "/" || path == "/debug" || path == "/debug/") return servicez();
    return {};
  }

  Page servicez() {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(environment_.clock.now() - started_at_).count();
    std::string text = "<table>\n" + row({"ready", host_->is_ready() ? "yes" : "no"}) +
                       row({"running since", std::to_string(seconds) + " seconds"}) + "</table>\n<ul>\n";
    for (const char* name : {"pipelinez", "extensionz", "featurez", "tracez"})
      text += std::string("<li><a href=\"/debug/") + name + "\">" + name + "</a></li>\n";
    return page("Rankwire", text + "</ul>\n");
  }

  Page pipelinez() {
    std::string text = "<table>\n<tr><th>kind</th><th>component</th><th>state</th></tr>\n";
    for (const ComponentHealth& one : host_->health())
      text += row({std::string(to_string(one.kind)), one.id, one.problem ? *one.problem : "healthy"});
    return page("Components", text + "</table>\n");
  }

  const ZpagesConfig config_;
  Environment& environment_;
  Host* host_ = nullptr;
  Instant started_at_;
  std::optional<AuthConfig> authenticator_;
  std::vector<std::string> request_params_;
  PageServer server_;  // Last: stopped before the rest goes.
};

Result<std::unique_ptr<Extension>> create(const ZpagesConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<Zpages>(config, context));
}

}  // namespace

ExtensionFactory zpages_factory() {
  return make_factory<ZpagesConfig, Extension>({.type = "zpages",
                                                .aliases = {},
                                                .summary = "Pages for a browser: what runs, and what is wrong.",
                                                .signals = {},
                                                .stability = Stability::beta},
                                               create);
}

}  // namespace rankwire::zpages
