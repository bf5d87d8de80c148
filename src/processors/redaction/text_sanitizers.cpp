#include "processors/redaction/text_sanitizers.hpp"

#include <algorithm>

#include "processors/redaction/db_statements.hpp"
#include "processors/redaction/url_sanitizer.hpp"

namespace rankwire::redaction {
namespace {

enum SpanKind : std::uint32_t { internal = 1, server = 2, client = 3 };

constexpr std::string_view http_keys[] = {"http.route",  "http.request.method", "http.request.method_original",
                                          "url.full",    "http.scheme",         "http.response.status_code",
                                          "http.target", "http.method",         "http.url"};

bool has_http_attribute(const Attributes& attributes) {
  return std::any_of(std::begin(http_keys), std::end(http_keys),
                     [&](std::string_view key) { return find(attributes, key) != nullptr; });
}

// Systems are compared without regard to case.
bool is_same(std::string_view written, std::string_view lower) {
  return std::equal(written.begin(), written.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

UrlSanitizer::UrlSanitizer(UrlSanitizerConfig config) : config_(std::move(config)) {
  attributes_.insert(config_.attributes.begin(), config_.attributes.end());
}

bool UrlSanitizer::sanitize_attribute(std::string_view key, std::string_view text, std::string& into) const {
  return config_.enabled && attributes_.contains(key) && sanitize_url(text, into);
}

bool UrlSanitizer::sanitize_text(std::string_view text, std::string& into) const {
  return config_.enabled && sanitize_url(text, into);
}

bool UrlSanitizer::sanitize_name(const Span& span, std::string& into) const {
  if (!config_.enabled || !config_.sanitize_span_name) return false;
  if (span.kind != SpanKind::client && span.kind != SpanKind::server) return false;
  if (span.name.find('/') == std::string_view::npos && !has_http_attribute(span.attributes)) return false;
  std::string clean;
  if (!sanitize_url(span.name, clean)) return false;
  // A name of which nothing is left says less than the one it had.
  if (clean.find_first_not_of("/*") == std::string::npos) return false;
  into = std::move(clean);
  return true;
}

DbSanitizer::DbSanitizer(const DbSanitizerConfig& config)
    : sanitizes_names_(config.sanitize_span_name), may_guess_(config.allow_fallback_without_system) {
  add(config.sql, Language::sql, {"other_sql", "mysql", "postgresql", "mariadb", "sqlite"});
  add(config.redis, Language::redis, {"redis"});
  add(config.valkey, Language::redis, {"valkey"});
  add(config.memcached, Language::memcached, {"memcached"});
  add(config.mongo, Language::json, {"mongodb"});
  add(config.opensearch, Language::json, {"opensearch"});
  add(config.es, Language::json, {"elasticsearch"});
}

void DbSanitizer::add(const StatementsConfig& config, Language language, std::vector<std::string_view> systems) {
  if (config.enabled) kinds_.push_back({language, std::move(systems), config.attributes});
}

bool DbSanitizer::hide(Language language, std::string_view system, std::string_view text, std::string& into) {
  switch (language) {
    case Language::sql: return hide_sql(text, is_same(system, "mysql") || is_same(system, "mariadb"), into);
    case Language::redis: return hide_redis(text, into);
    case Language::memcached: return hide_memcached(text, into);
    case Language::json: return hide_json(text, into);
  }
  return false;
}

const DbSanitizer::Kind* DbSanitizer::kind_of(std::string_view system) const {
  for (const Kind& kind : kinds_)
    for (const std::string_view known : kind.systems)
      if (is_same(system, known)) return &kind;
  return nullptr;
}

bool DbSanitizer::sanitize_attribute(std::string_view key, std::string_view system, std::string_view text,
                                     std::string& into) const {
  const auto lists = [key](const Kind& kind) {
    return std::find(kind.attributes.begin(), kind.attributes.end(), key) != kind.attributes.end();
  };
  if (!system.empty()) {
    const Kind* kind = kind_of(system);
    return kind != nullptr && lists(*kind) && hide(kind->language, system, text, into);
  }
  if (!may_guess_) return false;
  bool is_changed = false;
  for (const Kind& kind : kinds_) {
    if (!lists(kind)) continue;
    const std::string before = is_changed ? into : std::string(text);
    is_changed |= hide(kind.language, system, before, into);
  }
  return is_changed;
}

bool DbSanitizer::sanitize_text(std::string_view text, std::string& into) const {
  bool is_changed = false;
  for (const Kind& kind : kinds_) {
    const std::string before = is_changed ? into : std::string(text);
    is_changed |= hide(kind.language, {}, before, into);
  }
  return is_changed;
}

bool DbSanitizer::sanitize_name(const Span& span, std::string& into) const {
  if (!sanitizes_names_ || kinds_.empty()) return false;
  if (span.kind != SpanKind::client && span.kind != SpanKind::server && span.kind != SpanKind::internal) return false;
  const std::string_view system = system_of(span.attributes);
  const Kind* kind = system.empty() ? nullptr : kind_of(system);
  return kind != nullptr && hide(kind->language, system, span.name, into) && !into.empty();
}

std::string_view DbSanitizer::system_of(const Attributes& attributes) {
  for (const std::string_view key : {"db.system.name", "db.system"}) {
    const Value* value = find(attributes, key);
    if (value != nullptr && value->is_text() && !value->text().empty()) return value->text();
  }
  return {};
}

}  // namespace rankwire::redaction
