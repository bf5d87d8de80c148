// The operators that decide where entries go: filter, router, noop.
#include "receivers/file_log/parse/operators/build.hpp"

namespace rankwire::file_log {

namespace {

struct FilterSettings : TransformerSettings {
  std::string expression;
  double drop_ratio = 1;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.field("expr", expression, "Entries for which this is true are dropped.");
    f.field("drop_ratio", drop_ratio, "How many of them.", {.min = 0, .max = 1});
  }
};

class Filter final : public Transformer {
 public:
  Filter(expr::Expression expression, double drop_ratio)
      : expression_(std::move(expression)), drop_ratio_(drop_ratio) {}

 private:
  const char* transform(Entry&, Run&) const override { return nullptr; }
  void run_on(Entry& entry, Run& run) const override {
    const char* error = nullptr;
    const bool matches = expression_.test(entry, run.arena(), error);
    if (error != nullptr) return fail(entry, run, error);
    if (!matches || !is_dropped(run)) return forward(entry, run);
    ++run.drops->filtered;
  }
  bool is_dropped(Run& run) const {
    if (drop_ratio_ >= 1) return true;
    // xorshift64: enough to sample, and reproducible.
    run.random ^= run.random << 13;
    run.random ^= run.random >> 7;
    run.random ^= run.random << 17;
    return static_cast<double>(run.random >> 11) * 0x1.0p-53 < drop_ratio_;
  }

  const expr::Expression expression_;
  const double drop_ratio_;
};

struct RouteSettings {
  std::string expression;
  std::vector<std::string> output;
  config::StringMap attributes;

  void fields(config::Fields& f) {
    f.field("expr", expression, "Entries for which this is true take this route.");
    f.field("output", output, "Where they go.");
    f.field("attributes", attributes, "What they get on the way; values may be EXPR(...).");
  }
};

struct RouterSettings {
  std::string type, id;
  std::vector<RouteSettings> routes;
  std::vector<std::string> otherwise;

  void fields(config::Fields& f) {
    f.field("type", type, "router");
    f.field("id", id, "Name for `output` of others.");
    f.list("routes", routes, "The first whose expression is true is taken.");
    f.field("default", otherwise, "Where all others go; without it they are dropped.");
  }
};

struct Route {
  expr::Expression expression;
  std::vector<std::string> ids;
  std::vector<std::pair<FieldPath, expr::Template>> attributes;
  std::vector<const Operator*> outputs;
};

class Router final : public Operator, public Routing {
 public:
  Router(std::vector<Route> routes, std::vector<std::string> otherwise)
      : routes_(std::move(routes)), otherwise_ids_(std::move(otherwise)) {}

  void process(Entry& entry, Run& run) const override {
    for (const Route& route : routes_) {
      const char* error = nullptr;
      const bool matches = route.expression.test(entry, run.arena(), error);
      if (error != nullptr) run.log->warn("a route's expression failed", {{"reason", error}, {"file", *run.file}});
      if (!matches) continue;
      for (const auto& [field, text] : route.attributes) {
        expr::Evaluation e{entry, run.arena()};
        const Value value = text.evaluate(e);
        if (e.error == nullptr) field.set(entry, run.arena(), Value::of(expr::to_text(value, run.arena())));
      }
      return forward(route.outputs, entry, run);
    }
    if (otherwise_.empty()) ++run.drops->filtered;
    forward(otherwise_, entry, run);
  }

  std::vector<std::vector<std::string>> route_outputs() const override {
    std::vector<std::vector<std::string>> all;
    for (const Route& route : routes_) all.push_back(route.ids);
    all.push_back(otherwise_ids_);
    return all;
  }
  void connect_routes(std::vector<std::vector<const Operator*>> outputs) override {
    for (std::size_t i = 0; i < routes_.size(); ++i) routes_[i].outputs = std::move(outputs[i]);
    otherwise_ = std::move(outputs.back());
  }

 private:
  std::vector<Route> routes_;
  std::vector<std::string> otherwise_ids_;
  std::vector<const Operator*> otherwise_;
};

class Noop final : public Transformer {
  const char* transform(Entry&, Run&) const override { return nullptr; }
};

bool add_route(const RouteSettings& settings, const OperatorSource& source, std::vector<Route>& routes) {
  auto expression = source.expression("routes", settings.expression);
  if (!expression.has_value()) return false;
  Route route;
  route.expression = std::move(*expression);
  route.ids = settings.output;
  if (route.ids.empty()) source.error("routes", "a route needs an \"output\"");
  for (const auto& [key, value] : settings.attributes) {
    auto text = expr::Template::compile(value);
    if (text)
      route.attributes.emplace_back(FieldPath(FieldPath::Root::attributes).child(key), std::move(*text));
    else
      source.error("routes", text.error().message());
  }
  routes.push_back(std::move(route));
  return true;
}

}  // namespace

std::unique_ptr<Operator> build_filter(const OperatorSource& source) {
  const auto settings = source.read<FilterSettings>();
  auto expression = source.expression("expr", settings.expression);
  if (!expression.has_value()) return nullptr;
  return std::make_unique<Filter>(std::move(*expression), settings.drop_ratio);
}

std::unique_ptr<Operator> build_router(const OperatorSource& source) {
  const auto settings = source.read<RouterSettings>();
  std::vector<Route> routes;
  for (const RouteSettings& route : settings.routes)
    if (!add_route(route, source, routes)) return nullptr;
  if (routes.empty()) source.error("routes", "\"routes\" must have at least one route");
  return std::make_unique<Router>(std::move(routes), settings.otherwise);
}

std::unique_ptr<Operator> build_noop(const OperatorSource& source) {
  static_cast<void>(source.read<TransformerSettings>());
  return std::make_unique<Noop>();
}

}  // namespace rankwire::file_log
