#include "component/settings/record_match.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "component/settings/attribute_actions.hpp"

namespace rankwire {
namespace {

const std::vector<config::Choice> match_choices = {{"strict", static_cast<int>(MatchType::strict)},
                                                   {"regexp", static_cast<int>(MatchType::regexp)}};

constexpr std::string_view span_kind_names[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

// A list of texts of which one must match.
class TextMatch {
 public:
  Result<void> compile(const std::vector<std::string>& wanted, MatchType type) {
    for (const std::string& text : wanted) {
      if (type != MatchType::regexp) {
        texts_.push_back(text);
        continue;
      }
      expressions_.push_back(std::make_unique<RE2>(text, RE2::Quiet));
      if (!expressions_.back()->ok())
        return Error(ErrorKind::invalid, "not a regular expression: \"" + text + "\": " + expressions_.back()->error());
    }
    return {};
  }
  bool empty() const { return texts_.empty() && expressions_.empty(); }
  bool matches(std::string_view text) const {
    if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return true;
    return std::any_of(expressions_.begin(), expressions_.end(), [text](const auto& expression) {
      return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression);
    });
  }

 private:
  std::vector<std::string> texts_;
  std::vector<std::unique_ptr<RE2>> expressions_;
};

struct AttributeMatch {
  std::string key;
  std::optional<Value> value;
  std::unique_ptr<RE2> expression;

  bool matches(const Attributes& attributes) const {
    const Value* present = find(attributes, key);
    if (present == nullptr) return false;
    if (expression) {
      std::string text;
      switch (present->type()) {
        case ValueType::text: text = present->text(); break;
        case ValueType::integer: text = std::to_string(present->integer()); break;
        case ValueType::boolean: text = present->boolean() ? "true" : "false"; break;
        case ValueType::real: text = std::to_string(present->real()); break;
        default: return false;
      }
      return RE2::PartialMatch(text, *expression);
    }
    return !value || equal(*present, *value);
  }
};

Result<void> compile_attributes(const std::vector<AttributeMatchConfig>& configs, MatchType type, Arena& arena,
                                std::vector<AttributeMatch>& into) {
  for (const AttributeMatchConfig& config : configs) {
    AttributeMatch match;
    match.key = config.key;
    if (!config.value.is_null()) {
      match.value = value_of(config.value, arena);
      if (type == MatchType::regexp && match.value->is_text()) {
        match.expression = std::make_unique<RE2>(config.value.text(), RE2::Quiet);
        if (!match.expression->ok())
          return Error(ErrorKind::invalid, "not a regular expression: \"" + config.value.text() + "\"");
      }
    }
    into.push_back(std::move(match));
  }
  return {};
}

bool all_match(const std::vector<AttributeMatch>& wanted, const Attributes& attributes) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const AttributeMatch& match) { return match.matches(attributes); });
}

}  // namespace

std::uint32_t severity_number_of(std::string_view name) {
  std::uint32_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code == std::errc() && end == name.data() + name.size()) return number <= 24 ? number : 0;
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  constexpr std::string_view families[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  for (std::uint32_t i = 0; i < std::size(families); ++i) {
    if (!std::string_view(upper).starts_with(families[i])) continue;
    const std::string_view rest = std::string_view(upper).substr(families[i].size());
    if (rest.empty()) return 4 * i + 1;
    if (rest.size() == 1 && rest[0] >= '2' && rest[0] <= '4') return 4 * i + static_cast<std::uint32_t>(rest[0] - '0');
  }
  return 0;
}

void AttributeMatchConfig::fields(config::Fields& f) {
  f.field("key", key, "The attribute that must be there.");
  f.field("value", value, "The value it must have; a regular expression with match_type regexp.");
}
void AttributeMatchConfig::validate(config::Validator& v) const {
  if (key.empty()) v.error("key", "must be set");
}

void LibraryMatchConfig::fields(config::Fields& f) {
  f.field("name", name, "Name of the instrumentation scope.");
  f.field("version", version, "Its version; absent: any.");
}

void SeverityMatchConfig::fields(config::Fields& f) {
  f.field("min", min, "Lowest severity that matches: a name (WARN) or a number (13).");
  f.field("match_undefined", match_undefined, "Whether records without a severity match.");
}
void SeverityMatchConfig::validate(config::Validator& v) const {
  if (severity_number_of(min) == 0) v.error("min", "not a severity", "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL");
}

void RegexpCacheConfig::fields(config::Fields& f) {
  f.ignored("cacheenabled", "regular expressions here need no cache");
  f.ignored("cachemaxnumentries", "regular expressions here need no cache");
}

void MatchConfig::fields(config::Fields& f) {
  f.choice("match_type", match_type, match_choices, "How texts are compared: strict or regexp.");
  f.optional_section("regexp", regexp, "Cache settings of the original.");
  f.field("services", services, "Values of the resource attribute service.name.");
  f.field("span_names", span_names, "Names of spans.");
  f.field("span_kinds", span_kinds, "Kinds of spans, as SPAN_KIND_SERVER.");
  f.field("log_bodies", log_bodies, "Bodies of log records (text only).");
  f.field("log_severity_texts", log_severity_texts, "Severity texts of log records.");
  f.optional_section("log_severity_number", log_severity_number, "Lowest severity of log records.");
  f.field("metric_names", metric_names, "Names of metrics.");
  f.list("attributes", attributes, "Attributes of the record; all must match.");
  f.list("resources", resources, "Attributes of the resource; all must match.");
  f.list("libraries", libraries, "Instrumentation scopes; one must match.");
}

void MatchConfig::validate(config::Validator& v) const {
  if (match_type == MatchType::none) v.error("match_type", "must be set", "strict or regexp");
  if (is_empty()) v.error("", "needs at least one condition");
  if (const auto compiled = RecordMatch::compile(*this); !compiled) v.error("", compiled.error().message());
}

bool MatchConfig::is_empty() const {
  return services.empty() && span_names.empty() && log_bodies.empty() && log_severity_texts.empty() &&
         metric_names.empty() && span_kinds.empty() && !log_severity_number && attributes.empty() &&
         resources.empty() && libraries.empty();
}

struct RecordMatch::Compiled {
  Arena arena;
  TextMatch services, span_names, log_bodies, severity_texts, metric_names, span_kinds;
  std::vector<AttributeMatch> attributes, resources;
  std::vector<std::pair<TextMatch, std::optional<TextMatch>>> libraries;
  std::optional<std::uint32_t> severity_min;
  bool match_undefined_severity = false;
};

RecordMatch::RecordMatch(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
RecordMatch::RecordMatch(RecordMatch&&) noexcept = default;
RecordMatch& RecordMatch::operator=(RecordMatch&&) noexcept = default;
RecordMatch::~RecordMatch() = default;

Result<RecordMatch> RecordMatch::compile(const MatchConfig& config) {
  auto compiled = std::make_unique<Compiled>();
  const MatchType type = config.match_type;
  RANKWIRE_TRY(compiled->services.compile(config.services, type));
  RANKWIRE_TRY(compiled->span_names.compile(config.span_names, type));
  RANKWIRE_TRY(compiled->span_kinds.compile(config.span_kinds, type));
  RANKWIRE_TRY(compiled->log_bodies.compile(config.log_bodies, type));
  RANKWIRE_TRY(compiled->severity_texts.compile(config.log_severity_texts, type));
  RANKWIRE_TRY(compiled->metric_names.compile(config.metric_names, type));
  RANKWIRE_TRY(compile_attributes(config.attributes, type, compiled->arena, compiled->attributes));
  RANKWIRE_TRY(compile_attributes(config.resources, type, compiled->arena, compiled->resources));
  for (const LibraryMatchConfig& library : config.libraries) {
    auto& [name, version] = compiled->libraries.emplace_back();
    RANKWIRE_TRY(name.compile({library.name}, type));
    if (library.version) RANKWIRE_TRY(version.emplace().compile({*library.version}, type));
  }
  if (config.log_severity_number) {
    compiled->severity_min = severity_number_of(config.log_severity_number->min);
    compiled->match_undefined_severity = config.log_severity_number->match_undefined;
  }
  return RecordMatch(std::move(compiled));
}

bool RecordMatch::matches_origin(const Resource& resource, const Scope& scope) const {
  if (!compiled_->services.empty()) {
    const Value* service = find(resource.attributes, "service.name");
    if (service == nullptr || !service->is_text() || !compiled_->services.matches(service->text())) return false;
  }
  if (!all_match(compiled_->resources, resource.attributes)) return false;
  if (compiled_->libraries.empty()) return true;
  return std::any_of(compiled_->libraries.begin(), compiled_->libraries.end(), [&scope](const auto& library) {
    return library.first.matches(scope.name) && (!library.second || library.second->matches(scope.version));
  });
}

bool RecordMatch::matches(const Resource& resource, const Scope& scope, const LogRecord& record) const {
  if (!matches_origin(resource, scope) || !all_match(compiled_->attributes, record.attributes)) return false;
  if (!compiled_->log_bodies.empty() && !(record.body.is_text() && compiled_->log_bodies.matches(record.body.text())))
    return false;
  if (!compiled_->severity_texts.empty() && !compiled_->severity_texts.matches(record.severity_text)) return false;
  if (!compiled_->severity_min) return true;
  return record.severity_number == 0 ? compiled_->match_undefined_severity
                                     : record.severity_number >= *compiled_->severity_min;
}

bool RecordMatch::matches(const Resource& resource, const Scope& scope, const Span& span) const {
  if (!matches_origin(resource, scope) || !all_match(compiled_->attributes, span.attributes)) return false;
  if (!compiled_->span_names.empty() && !compiled_->span_names.matches(span.name)) return false;
  return compiled_->span_kinds.empty() ||
         compiled_->span_kinds.matches(span_kind_names[span.kind < std::size(span_kind_names) ? span.kind : 0]);
}

bool RecordMatch::matches(const Resource& resource, const Scope& scope, const Metric& metric,
                          const Attributes* attributes) const {
  if (!matches_origin(resource, scope)) return false;
  if (!compiled_->metric_names.empty() && !compiled_->metric_names.matches(metric.name)) return false;
  return attributes == nullptr || all_match(compiled_->attributes, *attributes);
}

}  // namespace rankwire
