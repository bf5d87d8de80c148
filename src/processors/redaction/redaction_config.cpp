#include "processors/redaction/redaction_config.hpp"

#include "text/mask_pattern.hpp"

namespace rankwire::redaction {
namespace {

const std::vector<config::Choice> hash_choices = {{"", static_cast<int>(HashFunction::none)},
                                                  {"md5", static_cast<int>(HashFunction::md5)},
                                                  {"sha1", static_cast<int>(HashFunction::sha1)},
                                                  {"sha3", static_cast<int>(HashFunction::sha3)},
                                                  {"hmac-sha256", static_cast<int>(HashFunction::hmac_sha256)},
                                                  {"hmac-sha512", static_cast<int>(HashFunction::hmac_sha512)}};
const std::vector<config::Choice> summary_choices = {{"silent", static_cast<int>(Summary::silent)},
                                                     {"", static_cast<int>(Summary::silent)},
                                                     {"info", static_cast<int>(Summary::info)},
                                                     {"debug", static_cast<int>(Summary::debug)}};

void check_patterns(config::Validator& v, std::string_view key, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const auto compiled = text::MaskPattern::compile(pattern);
    if (!compiled) v.error(key, compiled.error().message());
  }
}

}  // namespace

void UrlSanitizerConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Take ids out of URLs: in the attributes below, in text bodies and in span names.");
  f.field("attributes", attributes, "Attribute keys that hold URLs or paths.");
  f.field("sanitize_span_name", sanitize_span_name, "Also the names of client and server spans that hold a path.");
}

void StatementsConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Take values out of statements: in the attributes below, in bodies and in span names.");
  f.field("attributes", attributes, "Attribute keys that hold statements.");
}

void DbSanitizerConfig::fields(config::Fields& f) {
  f.section("sql", sql, "SQL: literals and digits become ?, comments go.");
  f.section("redis", redis, "Redis: values of commands become ?.");
  f.section("valkey", valkey, "Valkey: as redis.");
  f.section("memcached", memcached, "memcached: what follows the command line goes.");
  f.section("mongo", mongo, "MongoDB: values of JSON become ?.");
  f.section("opensearch", opensearch, "OpenSearch: as mongo.");
  f.section("es", es, "Elasticsearch: as mongo.");
  f.field("sanitize_span_name", sanitize_span_name, "Also the names of spans that have a database system.");
  f.field("allow_fallback_without_system", allow_fallback_without_system,
          "Without db.system.name or db.system, treat attributes by every kind that lists them.");
}

void RedactionConfig::fields(config::Fields& f) {
  f.field("allow_all_keys", allow_all_keys, "Keep every key; otherwise only `allowed_keys` stay.");
  f.field("allowed_keys", allowed_keys, "Attribute keys that stay. Empty without `allow_all_keys`: none stays.");
  f.field("ignored_keys", ignored_keys, "Keys left alone: neither removed nor masked.");
  f.field("ignored_key_patterns", ignored_key_patterns, "As `ignored_keys`, by regular expression.");
  f.field("blocked_key_patterns", blocked_key_patterns, "The whole value of keys that match is masked.");
  f.field("blocked_values", blocked_values, "What matches in values and log bodies is masked.");
  f.field("allowed_values", allowed_values, "Values that match are left alone.");
  f.choice("hash_function", hash_function, hash_choices, "Mask with a hash instead of ****.");
  f.field("hmac_key", hmac_key, "Key of the hmac functions: at least 32 bytes (sha256) or 64 (sha512).");
  f.field("redact_all_types", redact_all_types, "Check numbers and booleans too; those that match become text.");
  f.choice("summary", summary, summary_choices, "Add attributes that say what was done: silent, info or debug.");
  f.section("url_sanitizer", url_sanitizer, "Replace ids in URLs by *.");
  f.section("db_sanitizer", db_sanitizer, "Replace values in statements of databases by ?.");
}

void RedactionConfig::validate(config::Validator& v) const {
  check_patterns(v, "ignored_key_patterns", ignored_key_patterns);
  check_patterns(v, "blocked_key_patterns", blocked_key_patterns);
  check_patterns(v, "blocked_values", blocked_values);
  check_patterns(v, "allowed_values", allowed_values);
  const std::size_t key_size_min = hash_function == HashFunction::hmac_sha256   ? 32
                                   : hash_function == HashFunction::hmac_sha512 ? 64
                                                                                : 0;
  if (hmac_key.reveal().size() < key_size_min)
    v.error("hmac_key", "must have at least " + std::to_string(key_size_min) + " bytes for this hash_function");
}

}  // namespace rankwire::redaction
