#include "connectors/routing/routing_config.hpp"

#include <set>

#include "ottl/settings/group_settings.hpp"

namespace rankwire::routing {
namespace {

const ottl::FunctionTable& functions() {
  static const ottl::FunctionTable table = [] {
    ottl::FunctionTable made;
    for (const ottl::Function& function : ottl::standard_functions().all())
      if (!function.is_editor() || function.name == "delete_key" || function.name == "delete_matching_keys")
        made.add(function);
    made.add({.name = "route",
              .parameters = {},
              .result = ottl::Type::nil,
              .run = [](ottl::Invocation&, ottl::Datum&) { return true; },
              .prepare = nullptr,
              .is_pure = false,
              .contexts = {}});
    return made;
  }();
  return table;
}

std::string_view signal_of(std::string_view pipeline) { return pipeline.substr(0, pipeline.find('/')); }

std::optional<Signal> signal_of(RouteContext context) {
  switch (context) {
    case RouteContext::span: return Signal::traces;
    case RouteContext::metric:
    case RouteContext::data_point: return Signal::metrics;
    case RouteContext::log: return Signal::logs;
    default: return {};
  }
}

}  // namespace

ottl::Context ottl_context(RouteContext context) {
  switch (context) {
    case RouteContext::span: return ottl::Context::span;
    case RouteContext::metric: return ottl::Context::metric;
    case RouteContext::data_point: return ottl::Context::data_point;
    case RouteContext::log: return ottl::Context::log;
    default: return ottl::Context::resource;
  }
}

ottl::Dialect dialect_of(RouteContext context) {
  return {functions(), ottl::contexts_of(signal_of(context).value_or(Signal::logs))};
}

void RouteConfig::fields(config::Fields& f) {
  f.choice("context", context,
           {{"resource", static_cast<int>(RouteContext::resource)},
            {"span", static_cast<int>(RouteContext::span)},
            {"metric", static_cast<int>(RouteContext::metric)},
            {"datapoint", static_cast<int>(RouteContext::data_point)},
            {"log", static_cast<int>(RouteContext::log)},
            {"request", static_cast<int>(RouteContext::request)}},
           "What the condition is about, and what goes as one.");
  f.field("statement", statement, "`route() where` and a condition.");
  f.field("condition", condition, "Instead of `statement`: the condition alone.");
  f.choice("action", action, {{"move", static_cast<int>(Action::move)}, {"copy", static_cast<int>(Action::copy)}},
           "Whether later routes do not see what matched, or do.");
  f.field("pipelines", pipelines, "Where what matches goes.");
}

void RouteConfig::validate(config::Validator& v) const {
  if (pipelines.empty()) v.error("pipelines", "must name at least one pipeline");
  if (statement.empty() && condition.empty()) return v.error("", "must have `condition` or `statement`");
  if (!statement.empty() && !condition.empty())
    return v.error("statement", "cannot stand beside `condition`", "remove one of them");
  if (context == RouteContext::request) {
    if (!statement.empty()) return v.error("statement", "is not for requests", "write `condition`");
    if (const auto parsed = RequestCondition::parse(condition); !parsed) v.error("condition", parsed.error().message());
    return;
  }
  std::vector<ottl::TextProblem> problems;
  const bool is_statement = !statement.empty();
  const std::string& text = is_statement ? statement : condition;
  if (is_statement)
    ottl::StatementGroup::compile(std::span(&text, 1), dialect_of(context), ottl_context(context), problems);
  else
    ottl::ConditionGroup::compile(std::span(&text, 1), dialect_of(context), ottl_context(context), problems);
  for (const ottl::TextProblem& found : problems)
    ottl::report(is_statement ? "statement" : "condition", found.problem, v);
}

void RoutingConfig::fields(config::Fields& f) {
  f.choice("error_mode", error_mode,
           {{"propagate", static_cast<int>(ottl::ErrorMode::propagate)},
            {"ignore", static_cast<int>(ottl::ErrorMode::ignore)},
            {"silent", static_cast<int>(ottl::ErrorMode::silent)}},
           "Whether a condition that fails refuses the batch, or does not hold.");
  f.field("default_pipelines", default_pipelines, "Where goes what no route takes; none: nowhere.");
  f.list("table", table, "Routes, in order.");
  f.ignored("match_once", "every route sees what those before it left");
}

void RoutingConfig::validate(config::Validator& v) const {
  if (table.empty()) v.error("table", "must have at least one route");
  std::set<std::string_view> signals;
  for (const std::string& pipeline : default_pipelines) signals.insert(signal_of(pipeline));
  for (const RouteConfig& route : table)
    for (const std::string& pipeline : route.pipelines) signals.insert(signal_of(pipeline));
  if (signals.size() > 1)
    v.error("table", "names pipelines of different signals", "use one connector for each signal, such as routing/logs");
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto signal = signal_of(table[i].context);
    if (signal && signals.size() == 1 && to_string(*signal) != *signals.begin())
      v.warning("table", "route " + std::to_string(i + 1) + " never matches: its context is not one of " +
                             std::string(*signals.begin()));
    for (std::size_t before = 0; before < i; ++before)
      if (table[before].is_same_as(table[i]))
        v.warning("table",
                  "route " + std::to_string(i + 1) + " has the condition of route " + std::to_string(before + 1) +
                      " and is not used",
                  "name all pipelines in one of them");
  }
}

std::vector<std::string> RoutingConfig::named_pipelines() const {
  std::vector<std::string> all = default_pipelines;
  for (const RouteConfig& route : table) all.insert(all.end(), route.pipelines.begin(), route.pipelines.end());
  return all;
}

}  // namespace rankwire::routing
