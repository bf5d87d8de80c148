#include "connectors/routing/routes.hpp"

#include <algorithm>

#include "otlp/otlp.hpp"
#include "ottl/walk.hpp"

namespace rankwire::routing {
namespace {

template <class Record>
RecordBatch<Record>& records_of(SignalBatch& batch) {
  if constexpr (std::is_same_v<Record, LogRecord>)
    return batch.logs();
  else if constexpr (std::is_same_v<Record, Span>)
    return batch.traces();
  else
    return batch.metrics();
}

PipelineDoors::Part* part_for(std::vector<PipelineDoors::Part>& parts, const Intake* door) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.door == door; });
  return found == parts.end() ? nullptr : &*found;
}

// The batch that goes through this door, made if there is none.
template <class Record>
RecordBatch<Record>& batch_for(std::vector<PipelineDoors::Part>& parts, Intake* door, const RecordBatch<Record>& from) {
  if (PipelineDoors::Part* part = part_for(parts, door)) {
    RecordBatch<Record>& made = records_of<Record>(part->batch);
    made.share(from);
    return made;
  }
  return records_of<Record>(parts.emplace_back(PipelineDoors::Part{door, from.sharing()}).batch);
}

template <class Record>
void append(RecordBatch<Record>& to, const RecordBatch<Record>& from) {
  Taken<Record> taken(to, true);
  for (const auto& group : from.resources) taken.take(group);
}

Result<void> decode(SignalBatch& batch) {
  auto decoded = otlp::in_memory_form(std::move(batch));
  if (!decoded) return std::move(decoded).error();
  batch = std::move(*decoded);
  return {};
}

Result<void> decode_all(SignalBatch& batch, std::vector<PipelineDoors::Part>& parts) {
  if (auto decoded = decode(batch); !decoded) return decoded;
  for (auto& part : parts)
    if (auto decoded = decode(part.batch); !decoded) return decoded;
  return {};
}

template <class Use>
decltype(auto) visit_records(SignalBatch& batch, Use use) {
  switch (batch.signal()) {
    case Signal::logs: return use(batch.logs());
    case Signal::metrics: return use(batch.metrics());
    case Signal::traces: break;
  }
  return use(batch.traces());
}

void clear(SignalBatch& batch) {
  if (batch.is_wire())
    batch.wire().record_count = 0;
  else
    visit_records(batch, [](auto& records) { records.resources.clear(); });
}

}  // namespace

Result<std::unique_ptr<Routes>> Routes::compile(const RoutingConfig& config, const ComponentContext& context,
                                                PipelineDoors& doors) {
  std::unique_ptr<Routes> routes(new Routes(context));
  for (std::size_t i = 0; i < config.table.size(); ++i) {
    const auto begin = config.table.begin(), end = begin + static_cast<std::ptrdiff_t>(i);
    const bool is_known =
        std::any_of(begin, end, [&](const RouteConfig& earlier) { return earlier.is_same_as(config.table[i]); });
    if (is_known) continue;
    if (auto added = routes->add(config.table[i], config.error_mode, context, doors); !added)
      return std::move(added).error();
  }
  if (!config.default_pipelines.empty()) {
    auto door = doors.to(config.default_pipelines);
    if (!door) return std::move(door).error();
    routes->default_door_ = *door;
    routes->know(*door);
  }
  return routes;
}

Result<void> Routes::add(const RouteConfig& config, ottl::ErrorMode mode, const ComponentContext& context,
                         PipelineDoors& doors) {
  Route route;
  route.context = config.context;
  route.is_copy = config.action == Action::copy;
  auto door = doors.to(config.pipelines);
  if (!door) return std::move(door).error();
  route.door = *door;
  know(*door);
  if (config.context == RouteContext::request) {
    auto condition = RequestCondition::parse(config.condition);
    if (!condition) return std::move(condition).error();
    route.request = std::move(*condition);
  } else {
    std::vector<ottl::TextProblem> problems;
    const std::string& text = config.statement.empty() ? config.condition : config.statement;
    const std::span texts(&text, 1);
    const std::string key =
        "table[" + std::to_string(routes_.size()) + (config.statement.empty() ? "]::condition" : "]::statement");
    if (config.statement.empty())
      route.condition =
          ottl::ConditionGroup::compile(texts, dialect_of(config.context), ottl_context(config.context), problems);
    else
      route.statement =
          ottl::StatementGroup::compile(texts, dialect_of(config.context), ottl_context(config.context), problems);
    if (const auto* error = ottl::first_error(problems)) return error->problem.as_error();
    route.reporter = std::make_unique<const ottl::ErrorReporter>(
        mode, ottl::ErrorReporter::Owner{context.id.text(), context.environment.log, context.environment.counters},
        texts, std::span(&key, 1));
  }
  routes_.push_back(std::move(route));
  return {};
}

void Routes::know(Intake* door) {
  if (std::find(doors_.begin(), doors_.end(), door) == doors_.end()) doors_.push_back(door);
}

bool Routes::matches(const Route& route, ottl::Frame& frame, bool& out) const {
  if (route.condition != nullptr) return route.condition->any(frame, *route.reporter, out);
  if (route.statement->run_one(0, frame, out)) return true;
  out = false;
  return route.reporter->go_on(0, frame);
}

bool Routes::take_points(const Route& route, Metric& metric, Taken<Metric>& taken, ottl::Frame& frame) const {
  taken.begin(metric);
  bool is_ended = false;
  const auto walk = [&](auto Metric::* points, auto ottl::PointRef::* member) {
    (metric.*points).own(frame.arena);
    retain(metric.*points, [&](auto& point) {
      frame.point = {};
      frame.point.*member = &point;
      frame.cache = {};
      bool is_match = false;
      is_ended = is_ended || !matches(route, frame, is_match);
      if (is_ended || !is_match) return true;
      taken.take(point, points);
      return route.is_copy;
    });
  };
  walk(&Metric::numbers, &ottl::PointRef::number);
  walk(&Metric::histograms, &ottl::PointRef::histogram);
  walk(&Metric::exponential_histograms, &ottl::PointRef::exponential);
  walk(&Metric::summaries, &ottl::PointRef::summary);
  taken.end_points();
  frame.point = {};
  return !is_ended;
}

template <class Record>
bool Routes::take_records(const Route& route, RecordBatch<Record>& from, Taken<Record>& taken,
                          ottl::Frame& frame) const {
  bool is_ended = false;
  retain(from.resources, [&](ResourceGroup<Record>& resource) {
    ottl::enter(frame, resource);
    frame.cache = {};
    if (is_ended) return true;
    if (route.context == RouteContext::resource) {
      bool is_match = false;
      is_ended = !matches(route, frame, is_match);
      if (is_ended || !is_match) return true;
      taken.take(resource);
      return route.is_copy;
    }
    taken.begin(resource);
    retain(resource.scopes, [&](ScopeGroup<Record>& scope) {
      ottl::enter(frame, scope);
      taken.begin(scope);
      retain(scope.records, [&](Record& record) {
        if (is_ended) return true;
        if constexpr (std::is_same_v<Record, Metric>) {
          frame.metric = &record;
          if (route.context == RouteContext::data_point) {
            const bool had_points = record.point_count() != 0;
            is_ended = !take_points(route, record, taken, frame);
            return !had_points || record.point_count() != 0;
          }
        } else if constexpr (std::is_same_v<Record, Span>) {
          frame.span = &record;
        } else {
          frame.log = &record;
        }
        frame.cache = {};
        bool is_match = false;
        is_ended = !matches(route, frame, is_match);
        if (is_ended || !is_match) return true;
        taken.take(record);
        return route.is_copy;
      });
      return !scope.records.empty();
    });
    return !resource.scopes.empty();
  });
  return !is_ended;
}

template <class Record>
Result<void> Routes::apply(const Route& route, RecordBatch<Record>& from, const Client* client, Parts& parts) const {
  // A route of another signal's context never matches.
  const RouteContext of_records = std::is_same_v<Record, LogRecord> ? RouteContext::log
                                  : std::is_same_v<Record, Span>    ? RouteContext::span
                                                                    : RouteContext::metric;
  const bool is_of_points = std::is_same_v<Record, Metric> && route.context == RouteContext::data_point;
  if (route.context != RouteContext::resource && route.context != of_records && !is_of_points) return {};
  const bool is_made = part_for(parts, route.door) == nullptr;
  RecordBatch<Record>& to = batch_for(parts, route.door, from);
  Taken<Record> taken(to, route.is_copy);
  ottl::Frame frame(from.arena(), world_);
  frame.client = client;
  if (!take_records(route, from, taken, frame)) return route.reporter->as_error(frame);
  if (is_made && to.resources.empty()) parts.pop_back();
  return {};
}

Result<void> Routes::route(const Route& route, SignalBatch& batch, Parts& parts) const {
  const bool is_request = route.context == RouteContext::request;
  // Whole batches go as they came: only a route that looks inside, or a door that has something already, decodes.
  if (is_request && part_for(parts, route.door) == nullptr) {
    parts.push_back({route.door, batch.clone()});
    if (!route.is_copy) clear(batch);
    return {};
  }
  if (auto decoded = decode_all(batch, parts); !decoded) return decoded;
  return visit_records(batch, [&](auto& from) -> Result<void> {
    if (!is_request) return apply(route, from, batch.client().get(), parts);
    append(batch_for(parts, route.door, from), from);
    if (!route.is_copy) from.resources.clear();
    return {};
  });
}

Result<std::vector<PipelineDoors::Part>> Routes::split(SignalBatch batch) const {
  const ClientRef client = batch.client();
  Parts parts;
  for (const Route& one : routes_) {
    if (batch.record_count() == 0) break;
    if (one.context == RouteContext::request && !one.request.holds(client.get())) continue;
    if (auto routed = route(one, batch, parts); !routed) return std::move(routed).error();
  }
  if (batch.record_count() != 0) {
    if (default_door_ == nullptr) {
      unrouted_.add(batch.record_count());
    } else if (part_for(parts, default_door_) == nullptr) {
      parts.push_back({default_door_, std::move(batch)});
    } else {
      if (auto decoded = decode_all(batch, parts); !decoded) return std::move(decoded).error();
      visit_records(batch, [&](auto& from) { append(batch_for(parts, default_door_, from), from); });
    }
  }
  for (auto& part : parts) part.batch.set_client(client);
  return parts;
}

}  // namespace rankwire::routing
