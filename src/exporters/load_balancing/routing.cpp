#include "exporters/load_balancing/routing.hpp"

#include <algorithm>
#include <map>

#include "otlp/value_text.hpp"
#include "signal/identity.hpp"
#include "signal/taken.hpp"

namespace rankwire::load_balancing {
namespace {

std::string_view bytes_of(const Identity& identity) {
  return {reinterpret_cast<const char*>(&identity), sizeof identity};
}

std::string_view bytes_of(const TraceId& id) { return {reinterpret_cast<const char*>(id.bytes), sizeof id.bytes}; }

std::string_view kind_name(std::uint32_t kind) {
  constexpr std::string_view names[] = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
  return kind < std::size(names) ? names[kind] : names[0];
}

template <class Record>
constexpr bool has_trace_id = std::is_same_v<Record, Span> || std::is_same_v<Record, LogRecord>;

// The keys of records that come in the order of their batch: those of a resource are made once for it.
class Keys {
 public:
  Keys(RoutingKey key, const std::vector<std::string>& attributes, Random& random)
      : key_(key), attributes_(attributes), random_(random) {}

  void begin(const Resource& resource) {
    resource_ = &resource;
    if (key_ == RoutingKey::service) {
      const Value* name = find(resource.attributes, "service.name");
      text_ = name == nullptr ? std::string() : std::string(otlp::text_of(*name, arena_));
      arena_.reset();
    }
    if (key_ == RoutingKey::resource || key_ == RoutingKey::stream_id) resource_id_ = identity_of(resource);
  }
  void begin(const Scope& scope) {
    scope_ = &scope;
    if (key_ == RoutingKey::stream_id) scope_id_ = identity_of(scope);
  }
  void begin(const Metric& metric) {
    metric_ = &metric;
    if (key_ == RoutingKey::stream_id) stream_id_ = stream_identity(resource_id_, scope_id_, metric);
  }

  // Valid until the next call.
  template <class Record>
  std::string_view of(const Record& record) {
    switch (key_) {
      case RoutingKey::trace_id: return trace_id_of(record);
      case RoutingKey::resource: return bytes_of(resource_id_);
      case RoutingKey::metric: return metric_->name;
      case RoutingKey::stream_id:
        if constexpr (!has_trace_id<Record>) series_id_ = series_identity(stream_id_, record.attributes);
        return bytes_of(series_id_);
      case RoutingKey::attributes: return attributes_of(record);
      case RoutingKey::automatic:
      case RoutingKey::service: break;
    }
    return text_;
  }

 private:
  template <class Record>
  std::string_view trace_id_of(const Record& record) {
    if constexpr (has_trace_id<Record>) {
      if (record.trace_id.is_set()) return bytes_of(record.trace_id);
    }
    // It belongs nowhere in particular.
    random_key_ = random_.next();
    return {reinterpret_cast<const char*>(&random_key_), sizeof random_key_};
  }

  template <class Record>
  std::string_view attributes_of(const Record& record) {
    text_.clear();
    for (const std::string& name : attributes_) {
      text_.append(name).push_back('=');
      const Value* value = find(resource_->attributes, name);
      if (value == nullptr) value = find(scope_->attributes, name);
      if (value == nullptr) value = find(record.attributes, name);
      if (value != nullptr)
        text_.append(otlp::text_of(*value, arena_));
      else
        append_field(record, name);
      text_.push_back('|');
    }
    arena_.reset();
    return text_;
  }

  void append_field(const Span& span, const std::string& name) {
    if (name == "span.name") text_.append(span.name);
    if (name == "span.kind") text_.append(kind_name(span.kind));
  }
  void append_field(const LogRecord& record, const std::string& name) {
    if (name == "log.severity") text_.append(record.severity_text);
    if (name == "log.body") text_.append(otlp::text_of(record.body, arena_));
  }
  template <class Point>
  void append_field(const Point&, const std::string&) {}

  const RoutingKey key_;
  const std::vector<std::string>& attributes_;
  Random& random_;
  Arena arena_;
  const Resource* resource_ = nullptr;
  const Scope* scope_ = nullptr;
  const Metric* metric_ = nullptr;
  std::string text_;
  std::uint64_t random_key_ = 0;
  Identity resource_id_, scope_id_, stream_id_, series_id_;
};

// What the signal has no such key for goes by the key that it has without one.
RoutingKey key_for(Signal signal, RoutingKey key) {
  const bool is_metrics = signal == Signal::metrics;
  switch (key) {
    case RoutingKey::service:
    case RoutingKey::attributes: return key;
    case RoutingKey::trace_id:
      if (!is_metrics) return key;
      break;
    case RoutingKey::resource:
      if (signal != Signal::traces) return key;
      break;
    case RoutingKey::metric:
    case RoutingKey::stream_id:
      if (is_metrics) return key;
      break;
    case RoutingKey::automatic: break;
  }
  return signal == Signal::traces ? RoutingKey::trace_id : RoutingKey::service;
}

// Calls `visit(list, member)` for the points of a metric.
template <class Visit>
void visit_lists(const Metric& metric, Visit visit) {
  visit(metric.numbers, &Metric::numbers);
  visit(metric.histograms, &Metric::histograms);
  visit(metric.exponential_histograms, &Metric::exponential_histograms);
  visit(metric.summaries, &Metric::summaries);
}

// The destination of each record, by its number.
template <class Record>
std::vector<std::size_t> destinations_of(const RecordBatch<Record>& batch, Keys& keys, const Choose& choose) {
  std::vector<std::size_t> destinations;
  for (const auto& resource : batch.resources) {
    keys.begin(resource.resource);
    for (const auto& scope : resource.scopes) {
      keys.begin(scope.scope);
      for (const Record& record : scope.records) {
        if constexpr (std::is_same_v<Record, Metric>) {
          keys.begin(record);
          visit_lists(record, [&](const auto& points, auto) {
            for (const auto& point : points) destinations.push_back(choose(keys.of(point)));
          });
        } else {
          destinations.push_back(choose(keys.of(record)));
        }
      }
    }
  }
  return destinations;
}

template <class Record>
SignalBatch taken_of(const RecordBatch<Record>& whole, const Part& part) {
  RecordBatch<Record> batch = whole.sharing();
  Taken<Record> taken(batch, false);
  auto wanted = part.records.begin();
  std::uint32_t number = 0;
  const auto is_wanted = [&] {
    const bool is_it = wanted != part.records.end() && *wanted == number;
    if (is_it) ++wanted;
    ++number;
    return is_it;
  };
  for (const auto& resource : whole.resources) {
    taken.begin(resource);
    for (const auto& scope : resource.scopes) {
      taken.begin(scope);
      for (const Record& record : scope.records) {
        if constexpr (std::is_same_v<Record, Metric>) {
          taken.begin(record);
          visit_lists(record, [&](const auto& points, auto member) {
            for (const auto& point : points)
              if (is_wanted()) taken.take(point, member);
          });
          taken.end_points();
        } else if (is_wanted()) {
          taken.take(record);
        }
      }
    }
  }
  return batch;
}

template <class Record>
std::vector<Part> parts_of(const RecordBatch<Record>& batch, Keys& keys, const std::vector<bool>& done,
                           const Choose& choose) {
  const std::vector<std::size_t> destinations = destinations_of(batch, keys, choose);
  std::map<std::size_t, Part> by_destination;
  for (std::uint32_t number = 0; number < destinations.size(); ++number) {
    if (number < done.size() && done[number]) continue;
    Part& part = by_destination[destinations[number]];
    part.destination = destinations[number];
    part.records.push_back(number);
  }
  std::vector<Part> parts;
  for (auto& [destination, part] : by_destination) {
    if (part.records.size() != destinations.size()) part.batch = taken_of(batch, part);
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

Result<std::vector<Part>> Routing::split(OutgoingBatch& batch, const std::vector<bool>& done,
                                         const Choose& choose) const {
  Keys keys(key_for(batch.signal(), key_), attributes_, random_);
  switch (batch.signal()) {
    case Signal::logs: {
      const auto logs = batch.logs();
      if (!logs) return logs.error();
      return parts_of(**logs, keys, done, choose);
    }
    case Signal::metrics: {
      const auto metrics = batch.metrics();
      if (!metrics) return metrics.error();
      return parts_of(**metrics, keys, done, choose);
    }
    case Signal::traces: break;
  }
  const auto traces = batch.traces();
  if (!traces) return traces.error();
  return parts_of(**traces, keys, done, choose);
}

}  // namespace rankwire::load_balancing
