#include "otlp/json_pieces.hpp"

#include <algorithm>

#include "otlp/json_decoder.hpp"

namespace rankwire::otlp {
namespace {

using Level = JsonPiece::Level;

constexpr SignalSet set_of(Signal signal) { return SignalSet(1u << static_cast<unsigned>(signal)); }
const SignalSet logs = set_of(Signal::logs), metrics = set_of(Signal::metrics), traces = set_of(Signal::traces);

struct Container {
  const char* name;
  const char* written;
  Level level;
  Signal signal;
};
// For each level the containers in the order of signals.
constexpr Container containers[] = {
    {"resource_logs", "resourceLogs", Level::request, Signal::logs},
    {"resource_metrics", "resourceMetrics", Level::request, Signal::metrics},
    {"resource_spans", "resourceSpans", Level::request, Signal::traces},
    {"scope_logs", "scopeLogs", Level::resource, Signal::logs},
    {"scope_metrics", "scopeMetrics", Level::resource, Signal::metrics},
    {"scope_spans", "scopeSpans", Level::resource, Signal::traces},
    {"log_records", "logRecords", Level::scope, Signal::logs},
    {"metrics", "metrics", Level::scope, Signal::metrics},
    {"spans", "spans", Level::scope, Signal::traces},
};

SignalSet signals_of_field(std::string_view member) {
  struct Field {
    std::string_view name;
    SignalSet signals;
  };
  static const Field fields[] = {{"time_unix_nano", logs},
                                 {"observed_time_unix_nano", logs},
                                 {"severity_number", logs},
                                 {"severity_text", logs},
                                 {"body", logs},
                                 {"event_name", logs},
                                 {"attributes", logs | traces},
                                 {"dropped_attributes_count", logs | traces},
                                 {"flags", logs | traces},
                                 {"trace_id", logs | traces},
                                 {"span_id", logs | traces},
                                 {"name", metrics | traces},
                                 {"trace_state", traces},
                                 {"parent_span_id", traces},
                                 {"kind", traces},
                                 {"start_time_unix_nano", traces},
                                 {"end_time_unix_nano", traces},
                                 {"events", traces},
                                 {"dropped_events_count", traces},
                                 {"links", traces},
                                 {"dropped_links_count", traces},
                                 {"status", traces},
                                 {"description", metrics},
                                 {"unit", metrics},
                                 {"metadata", metrics},
                                 {"gauge", metrics},
                                 {"sum", metrics},
                                 {"histogram", metrics},
                                 {"exponential_histogram", metrics},
                                 {"summary", metrics}};
  for (const Field& field : fields)
    if (names(member, field.name)) return field.signals;
  return {};
}

// Where the value ends that begins at `begin`: behind its last bracket, or at the end of the text.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth <= 0) {
      return i + 1;
    } else if (depth == 0 && c == '\n') {
      return i;
    }
  }
  return text.size();
}

std::uint64_t lines_before(std::string_view text, std::size_t end) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

namespace lazy = simdjson::ondemand;

// Reads everything that is there, as deep as the decoder could follow.
simdjson::error_code read_through(simdjson::simdjson_result<lazy::value> read, int depth = 0) {
  constexpr int depth_max = 4 * nesting_max;
  if (depth > depth_max) return simdjson::DEPTH_ERROR;
  lazy::value value;
  lazy::json_type type{};
  if (const auto error = read.get(value); error != simdjson::SUCCESS) return error;
  if (const auto error = value.type().get(type); error != simdjson::SUCCESS) return error;
  switch (type) {
    case lazy::json_type::array:
      for (auto item : value.get_array())
        if (const auto error = read_through(item, depth + 1); error != simdjson::SUCCESS) return error;
      return simdjson::SUCCESS;
    case lazy::json_type::object:
      for (auto field : value.get_object()) {
        if (field.error() != simdjson::SUCCESS) return field.error();
        if (const auto error = read_through(field.value(), depth + 1); error != simdjson::SUCCESS) return error;
      }
      return simdjson::SUCCESS;
    case lazy::json_type::string: return value.get_string().error();
    case lazy::json_type::number: return value.get_number().error();
    case lazy::json_type::boolean: return value.get_bool().error();
    case lazy::json_type::null: return simdjson::SUCCESS;
  }
  return simdjson::SUCCESS;
}

// What of a text that is not JSON could be read: the other parser of the library does not say. 0: unknown.
std::size_t readable_bytes(std::string_view text) {
  const simdjson::padded_string padded(text);
  lazy::parser parser;
  lazy::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return 0;
  const char* where = nullptr;
  (void)read_through(document.get_value());
  if (document.current_location().get(where) != simdjson::SUCCESS) return text.size();
  return static_cast<std::size_t>(where - padded.data());
}

Error wrong(std::uint64_t line, const std::string& why) {
  return Error(ErrorKind::invalid, "line " + std::to_string(line) + ": " + why);
}

// With the end of the line up to which it is.
Error not_json(std::string_view value, std::uint64_t line, std::string why) {
  constexpr std::size_t shown_max = 40;
  std::string_view good = value.substr(0, readable_bytes(value));
  good = good.substr(0, good.find_last_not_of(" \t\r\n") + 1);
  line += lines_before(good, good.size());
  good = good.substr(good.rfind('\n') + 1);
  good.remove_prefix(good.size() - std::min(good.size(), shown_max));
  if (!good.empty()) why += " (behind " + std::string(good) + ")";
  return wrong(line, "this is not JSON: " + why);
}

Result<void> add_piece(const Json& value, std::uint64_t line, std::vector<JsonPiece>& to) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return wrong(line, "expected an object, with braces around it");
  JsonPiece record{.line = line, .level = Level::record, .json = {}, .keys = {}};
  bool is_container = false;
  for (const auto field : object) {
    for (const Container& container : containers) {
      simdjson::dom::array inside;
      if (!names(field.key, container.name) || field.value.get(inside) != simdjson::SUCCESS) continue;
      is_container = true;
      std::string json = simdjson::minify(container.level == Level::request ? Json(field.value) : value);
      if (container.level == Level::request) json = json.substr(1, json.size() - 2);
      to.push_back({.line = line,
                    .level = container.level,
                    .json = std::move(json),
                    .keys = {{std::string(field.key), set_of(container.signal)}}});
    }
    record.keys.push_back({std::string(field.key), signals_of_field(field.key)});
  }
  if (is_container) return {};
  record.json = simdjson::minify(value);
  to.push_back(std::move(record));
  return {};
}

}  // namespace

SignalSet JsonPiece::signals() const {
  SignalSet all = logs | metrics | traces;
  for (const Key& key : keys)
    if (key.signals.any()) all &= key.signals;
  return all;
}

Result<std::vector<JsonPiece>> json_pieces(std::string_view text) {
  constexpr std::string_view between = " \t\r\n", byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<JsonPiece> pieces;
  simdjson::dom::parser parser;
  std::size_t counted = 0;
  std::uint64_t line = 1;
  for (std::size_t at = text.find_first_not_of(between); at < text.size(); at = text.find_first_not_of(between, at)) {
    line += lines_before(text.substr(counted), at - counted);
    counted = at;
    const std::string_view value = text.substr(at, end_of_value(text, at) - at);
    at += value.size();
    Json json;
    if (const auto error = parser.parse(value.data(), value.size()).get(json); error != simdjson::SUCCESS)
      return not_json(value, line, simdjson::error_message(error));
    simdjson::dom::array list;
    if (json.get(list) != simdjson::SUCCESS)
      RANKWIRE_TRY(add_piece(json, line, pieces));
    else
      for (const Json each : list) RANKWIRE_TRY(add_piece(each, line, pieces));
  }
  return pieces;
}

std::string json_request(Signal signal, std::span<const JsonPiece> pieces) {
  const auto name = [signal](Level level) {
    for (const Container& container : containers)
      if (container.level == level && container.signal == signal) return std::string(container.written);
    return std::string();
  };
  const std::string scopes = "{\"" + name(Level::resource) + "\":[",
                    records = scopes + "{\"" + name(Level::scope) + "\":[";
  std::string out = "{\"" + name(Level::request) + "\":[";
  const auto separate = [&out] { out += out.ends_with('[') ? "" : ","; };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].json.empty()) continue;
    separate();
    switch (pieces[i].level) {
      case Level::request:
      case Level::resource: out += pieces[i].json; break;
      case Level::scope: out += scopes + pieces[i].json + "]}"; break;
      case Level::record:
        out += records + pieces[i].json;
        for (; i + 1 < pieces.size() && pieces[i + 1].level == Level::record; ++i) out += "," + pieces[i + 1].json;
        out += "]}]}";
        break;
    }
  }
  return out + "]}";
}

}  // namespace rankwire::otlp
