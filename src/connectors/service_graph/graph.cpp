#include "connectors/service_graph/graph.hpp"

#include <algorithm>

#include "ottl/program/convert.hpp"

namespace rankwire::service_graph {
namespace {

constexpr Duration series_idle_max = std::chrono::minutes(15);

enum SpanKind : std::uint32_t { server = 2, client = 3, producer = 4, consumer = 5 };

std::string_view to_string(Connection connection) {
  switch (connection) {
    case Connection::messaging_system: return "messaging_system";
    case Connection::database: return "database";
    case Connection::virtual_node: return "virtual_node";
    case Connection::unknown: return "";
  }
  return "";
}

double seconds_of(const Span& span) {
  if (span.end_time_unix_nanos <= span.start_time_unix_nanos) return 0;
  return static_cast<double>(span.end_time_unix_nanos - span.start_time_unix_nanos) / 1e9;
}

std::string text_of(const Value& value) {
  Arena arena;
  return std::string(value.is_text() ? value.text() : ottl::text_of(value, arena));
}

std::optional<std::string> value_in(std::string_view key, std::initializer_list<const Attributes*> places) {
  for (const Attributes* attributes : places)
    if (const Value* value = find(*attributes, key)) return text_of(*value);
  return {};
}

ExpiringMapLimits limits(Bytes bytes, Duration idle_max) {
  return {.bytes_max = bytes, .idle_max = idle_max, .gives_way = WhenFull::new_entry};
}

Labels labels(const std::string& connector, const char* state) { return {{"connector", connector}, {"state", state}}; }

// The two sides of a request have the id of the client's span in common.
Identity key_of(const TraceId& trace, const SpanId& span) {
  char bytes[sizeof trace.bytes + sizeof span.bytes];
  std::memcpy(bytes, trace.bytes, sizeof trace.bytes);
  std::memcpy(bytes + sizeof trace.bytes, span.bytes, sizeof span.bytes);
  return identity_of(std::string_view(bytes, sizeof bytes));
}

}  // namespace

Graph::Graph(const ServiceGraphConfig& config, Clock& clock, Counters& counters, const std::string& connector)
    : config_(config),
      clock_(clock),
      shape_{.bounds = config.bounds(),
             .exponential_max = static_cast<std::uint32_t>(config.exponential_histogram_max_size)},
      requests_(limits({config.max_state_size.count / 2}, {}), StateFigures(counters, labels(connector, "requests"))),
      series_(limits({config.max_state_size.count / 2}, series_idle_max),
              StateFigures(counters, labels(connector, "series"))),
      edges_(counters.counter("rankwire_service_graph_edges_total", "Requests of which a side was seen.",
                              {{"connector", connector}})),
      expired_edges_(counters.counter("rankwire_service_graph_expired_edges_total",
                                      "Requests of which the other side was not seen in time.",
                                      {{"connector", connector}})),
      dropped_spans_(counters.counter("rankwire_service_graph_dropped_spans_total",
                                      "Spans that found no room to wait for the other side of their request.",
                                      {{"connector", connector}})) {
  Arena arena;
  Attributes attributes;
  attributes.push(arena, {"otel.metric.overflow", Value::of(true)});
  overflow_.attributes = OwnedAttributes(attributes);
}

Bytes Graph::Request::extra_bytes() const {
  std::uint64_t bytes = client.capacity() + server.capacity() + peer.capacity() + dimensions.capacity() * sizeof(Named);
  for (const auto& [name, value] : dimensions) bytes += name.capacity() + value.capacity();
  return {bytes};
}

void Graph::add(const TraceBatch& batch) {
  now_ = clock_.now();
  now_unix_nanos_ = clock_.unix_nanos();
  for (const SpanResource& resource : batch.resources) {
    const auto service = value_in("service.name", {&resource.resource.attributes});
    if (!service) continue;
    for (const SpanScope& scope : resource.scopes)
      for (const Span& span : scope.records) add_span(*service, resource.resource, span);
  }
}

void Graph::add_span(const std::string& service, const Resource& resource, const Span& span) {
  const bool is_client = span.kind == client || span.kind == producer;
  if (!is_client && span.kind != server && span.kind != consumer) return;
  const Side side = is_client ? Side::client : Side::server;
  const Connection connection =
      span.kind == producer || span.kind == consumer ? Connection::messaging_system : Connection::unknown;
  const SpanId& id = is_client ? span.span_id : span.parent_span_id;
  const Identity key = key_of(span.trace_id, id);

  if (Requests::Entry* entry = requests_.find(key, now_)) {
    update(entry->state, side, connection, service, resource, span);
    if (entry->state.is_complete()) {
      count(entry->state);
      requests_.erase(*entry);
    } else if (!requests_.resize(*entry, entry->state.extra_bytes())) {
      dropped_spans_.add();
    }
    return;
  }
  Request request;
  request.has_client_span_id = id.is_set();
  update(request, side, connection, service, resource, span);
  if (request.is_complete()) {
    edges_.add();
    return count(request);
  }
  if (requests_.size() >= config_.store.max_items) expire_requests();
  const Bytes extra = request.extra_bytes();
  if (requests_.size() >= config_.store.max_items || !requests_.has_room(extra)) return dropped_spans_.add();
  edges_.add();
  request.expires_at = now_ + config_.store.ttl;
  Requests::Entry* entry = requests_.find_or_add(key, now_).entry;
  if (entry == nullptr) return dropped_spans_.add();
  entry->state = std::move(request);
  if (!requests_.resize(*entry, extra)) dropped_spans_.add();
}

void Graph::update(Request& request, Side side, Connection connection, const std::string& service,
                   const Resource& resource, const Span& span) const {
  request.connection = connection;
  request.is_failed = request.is_failed || span.status_code == SpanStatusCode::error;
  if (side == Side::server) {
    request.server = service;
    request.server_seconds = seconds_of(span);
    return add_dimensions(request, "server_", resource, span);
  }
  request.client = service;
  request.client_seconds = seconds_of(span);
  add_dimensions(request, "client_", resource, span);
  for (const std::string& name : config_.virtual_node_peer_attributes)
    if (auto peer = value_in(name, {&span.attributes})) {
      request.peer = std::move(*peer);
      break;
    }
  // A database sends no span: what the client says is all there is.
  for (const std::string& name : config_.database_name_attributes)
    if (auto database = value_in(name, {&resource.attributes, &span.attributes})) {
      request.connection = Connection::database;
      request.server = std::move(*database);
      request.server_seconds = request.client_seconds;
      break;
    }
}

void Graph::add_dimensions(Request& request, const char* prefix, const Resource& resource, const Span& span) const {
  for (const std::string& name : config_.dimensions) {
    auto value = value_in(name, {&resource.attributes, &span.attributes});
    if (!value) continue;
    const std::string full = prefix + name;
    const auto found = std::find_if(request.dimensions.begin(), request.dimensions.end(),
                                    [&](const Named& one) { return one.first == full; });
    if (found == request.dimensions.end())
      request.dimensions.emplace_back(full, std::move(*value));
    else
      found->second = std::move(*value);
  }
}

void Graph::expire_requests() {
  now_ = clock_.now();
  now_unix_nanos_ = clock_.unix_nanos();
  for (Requests::Entry* oldest = requests_.oldest(); oldest != nullptr && oldest->state.expires_at <= now_;
       oldest = requests_.oldest())
    end_wait(*oldest);
}

void Graph::end_wait(Requests::Entry& entry) {
  expired_edges_.add();
  Request& request = entry.state;
  if (!config_.virtual_node_peer_attributes.empty()) {
    // A request that came from outside: its span has no parent.
    const bool is_from_user = request.client.empty() && !request.has_client_span_id;
    if (is_from_user || request.server.empty()) {
      request.connection = Connection::virtual_node;
      if (is_from_user) request.client = "user";
      request.virtual_node = is_from_user ? "client" : "server";
      if (request.server.empty()) request.server = request.peer.empty() ? "unknown" : request.peer;
      count(request);
    }
  }
  requests_.expire(entry);
}

void Graph::count(const Request& request) {
  Series& series = series_of(request);
  series.is_changed = true;
  ++series.requests;
  series.client.observe(shape_, request.client_seconds);
  series.server.observe(shape_, request.server_seconds);
}

Graph::Series& Graph::series_of(const Request& request) {
  const auto text = [](std::string_view one) { return identity_of(one); };
  Identity key = joined(text(request.client), text(request.server));
  key = joined(key, {static_cast<std::uint64_t>(request.connection), request.is_failed ? 1u : 0u});
  if (config_.virtual_node_extra_label) key = joined(key, text(request.virtual_node));
  // Whichever side came first.
  Identity dimensions;
  for (const auto& [name, value] : request.dimensions) {
    const Identity one = joined(text(name), text(value));
    dimensions.low += one.low;
    dimensions.high += one.high;
  }
  key = joined(key, dimensions);
  if (SeriesMap::Entry* entry = series_.find(key, now_)) return entry->state;

  OwnedAttributes attributes = attributes_of(request);
  const Bytes extra{attributes.bytes().count + 2 * shape_.bytes_max().count};
  // What points have said gives way to what is new; what no point has said yet does not.
  while (!series_.has_room(extra) && series_.oldest() != nullptr && !series_.oldest()->state.is_changed)
    series_.evict(*series_.oldest());
  SeriesMap::Entry* entry = series_.has_room(extra) ? series_.find_or_add(key, now_).entry : nullptr;
  if (entry == nullptr || !series_.resize(*entry, extra)) {
    if (overflow_.start_unix_nanos == 0) overflow_.start_unix_nanos = now_unix_nanos_;
    overflow_.is_failed = overflow_.is_failed || request.is_failed;
    return overflow_;
  }
  entry->state.attributes = std::move(attributes);
  entry->state.is_failed = request.is_failed;
  entry->state.start_unix_nanos = now_unix_nanos_;
  entry->state.order = ++next_order_;
  return entry->state;
}

OwnedAttributes Graph::attributes_of(const Request& request) const {
  Arena arena;
  Attributes to;
  const auto text = [](std::string_view one) { return Value::of(one); };
  to.push(arena, {"client", text(request.client)});
  to.push(arena, {"server", text(request.server)});
  to.push(arena, {"connection_type", text(to_string(request.connection))});
  to.push(arena, {"failed", Value::of(request.is_failed)});
  for (const auto& [name, value] : request.dimensions) set(to, arena, name, text(value));
  if (config_.virtual_node_extra_label) set(to, arena, "virtual_node", text(request.virtual_node));
  return OwnedAttributes(to);
}

void Graph::expire_series() { series_.expire(clock_.now()); }

template <class Write>
void Graph::add_metric(MetricScope& scope, const std::vector<Series*>& all, const char* name, MetricBatch& batch,
                       Write write) const {
  Metric metric;
  metric.name = name;
  metric.temporality = Temporality::cumulative;
  const std::uint64_t time = clock_.unix_nanos() - static_cast<std::uint64_t>(config_.metrics_timestamp_offset.count());
  for (const Series* series : all)
    write(*series, metric, [&](auto& point) {
      point.start_time_unix_nanos = std::min(series->start_unix_nanos, time);
      point.time_unix_nanos = time;
      point.attributes = deep_copy(series->attributes.view(), batch.arena());
    });
  if (metric.point_count() != 0) scope.records.push(batch.arena(), metric);
}

MetricBatch Graph::flush() {
  std::vector<Series*> all;
  series_.for_each([&](SeriesMap::Entry& entry) { all.push_back(&entry.state); });
  std::sort(all.begin(), all.end(), [](const Series* a, const Series* b) { return a->order < b->order; });
  if (overflow_.requests != 0) all.push_back(&overflow_);
  MetricBatch batch;
  if (all.empty()) return batch;
  Arena& arena = batch.arena();
  MetricScope& scope = batch.resources.add(arena).scopes.add(arena);
  scope.scope.name = "traces_service_graph";
  const List<double> bounds = shape_.copy_bounds(arena);
  const auto sum = [&](bool failed_only) {
    return [&arena, failed_only](const Series& series, Metric& metric, auto finish) {
      if (failed_only && !series.is_failed) return;
      metric.type = MetricType::sum;
      metric.is_monotonic = true;
      NumberPoint& point = metric.numbers.add(arena);
      point.value.type = NumberType::integer;
      point.value.integer = static_cast<std::int64_t>(series.requests);
      finish(point);
    };
  };
  const auto latency = [&](RunningHistogram Series::* side) {
    return [&, side](const Series& series, Metric& metric, auto finish) {
      metric.unit = "s";
      if (shape_.exponential_max != 0) {
        metric.type = MetricType::exponential_histogram;
        finish((series.*side).add_exponential(metric.exponential_histograms, arena));
      } else {
        metric.type = MetricType::histogram;
        finish((series.*side).add_explicit(shape_, bounds, metric.histograms, arena));
      }
    };
  };
  add_metric(scope, all, "traces_service_graph_request_total", batch, sum(false));
  add_metric(scope, all, "traces_service_graph_request_failed_total", batch, sum(true));
  add_metric(scope, all, "traces_service_graph_request_server", batch, latency(&Series::server));
  add_metric(scope, all, "traces_service_graph_request_client", batch, latency(&Series::client));
  for (Series* series : all) series->is_changed = false;
  return batch;
}

}  // namespace rankwire::service_graph
