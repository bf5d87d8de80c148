// What a user writes about routing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "connectors/routing/request_condition.hpp"
#include "ottl/program.hpp"

namespace rankwire::routing {

enum class RouteContext : std::uint8_t { resource, span, metric, data_point, log, request };
enum class Action : std::uint8_t { move, copy };

// Of every context but `request`.
ottl::Context ottl_context(RouteContext context);
// What conditions may use, and statements: `route()`, and the editors that the original has here.
ottl::Dialect dialect_of(RouteContext context);

struct RouteConfig {
  RouteContext context = RouteContext::resource;
  std::string statement, condition;
  Action action = Action::move;
  std::vector<std::string> pipelines;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  bool is_same_as(const RouteConfig& other) const {
    return context == other.context && statement == other.statement && condition == other.condition;
  }
};

struct RoutingConfig {
  ottl::ErrorMode error_mode = ottl::ErrorMode::propagate;
  std::vector<std::string> default_pipelines;
  std::vector<RouteConfig> table;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  std::vector<std::string> named_pipelines() const;
};

}  // namespace rankwire::routing
