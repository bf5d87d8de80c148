// Go's profiles do not exist here: a profile by functions is what `perf` makes of any process, and the pages say so.
#include "extensions/pprof/pprof_extension.hpp"

#include <unistd.h>

#include "component/settings/page_server.hpp"
#include "extensions/pprof/thread_times.hpp"

namespace rankwire::pprof {

namespace {

constexpr int not_implemented = 501;

struct PprofConfig {
  std::string endpoint = "localhost:1777";

  void fields(config::Fields& f) {
    f.field("endpoint", endpoint, "Address to listen on, host:port; without host: every address.");
    f.ignored("dialer", "a server does not dial");
    f.ignored("block_profile_fraction", "there is no Go runtime to sample");
    f.ignored("mutex_profile_fraction", "there is no Go runtime to sample");
    f.ignored("save_to_file", "no profile is recorded: perf record makes one of any process");
  }
  void validate(config::Validator& v) const {
    if (auto parsed = parse_listen_endpoint(endpoint); !parsed)
      v.error("endpoint", parsed.error().message(), "for example \"localhost:1777\"");
  }
};

class Pprof final : public Extension {
 public:
  Pprof(PprofConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        environment_(context.environment),
        server_([this](const net::RequestHead& head) { return answer(head.path); }) {}

  Result<void> start(Host&) override {
    net::ServerOptions options;
    options.listen = *parse_listen_endpoint(config_.endpoint);
    return server_.start(std::move(options), {}, environment_, "the agent's profile is served");
  }

  void stop(Deadline deadline) override { server_.stop(deadline); }

 private:
  std::optional<Page> answer(const std::string& path) {
    if (path == "/debug/pprof/" || path == "/debug/pprof") return index();
    if (path == "/debug/pprof/threads") return threads();
    if (path.starts_with("/debug/pprof/"))
      return Page{.status = not_implemented,
                  .body = "there is no such profile of this process, which is not written in Go\n" + by_functions()};
    return {};
  }

  static std::string by_functions() {
    const std::string process = std::to_string(::getpid());
    return "by functions: perf record -g -p " + process + " -- sleep 10; perf report\n";
  }

  static Page index() {
    return {.body =
                "/debug/pprof/threads   CPU time of each kind of thread since the agent started\n" + by_functions()};
  }

  Page threads() {
    auto times = thread_times(environment_.files);
    if (!times) return {.status = 503, .body = times.error().message() + "\n"};
    const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::string text = "user s\tsystem s\tthreads\tname\n";
    for (const ThreadTime& one : *times) {
      char line[64];
      std::snprintf(line, sizeof line, "%.2f\t%.2f\t", static_cast<double>(one.user_ticks) / per_second,
                    static_cast<double>(one.system_ticks) / per_second);
      text += line + std::to_string(one.threads) + "\t" + one.name + "\n";
    }
    return {.body = std::move(text)};
  }

  const PprofConfig config_;
  Environment& environment_;
  PageServer server_;  // Last: stopped before the rest goes.
};

Result<std::unique_ptr<Extension>> create(const PprofConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<Pprof>(config, context));
}

}  // namespace

ExtensionFactory pprof_factory() {
  return make_factory<PprofConfig, Extension>({.type = "pprof",
                                               .aliases = {},
                                               .summary = "What the agent's threads spend their time on.",
                                               .signals = {},
                                               .stability = Stability::beta},
                                              create);
}

}  // namespace rankwire::pprof
