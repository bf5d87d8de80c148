// What the redaction processor can be told.
#pragma once

#include <string>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::redaction {

enum class HashFunction : std::uint8_t { none, md5, sha1, sha3, hmac_sha256, hmac_sha512 };
enum class Summary : std::uint8_t { silent, info, debug };

struct UrlSanitizerConfig {
  bool enabled = false;
  std::vector<std::string> attributes;
  bool sanitize_span_name = true;

  void fields(config::Fields& f);
};

// One kind of database.
struct StatementsConfig {
  bool enabled = false;
  std::vector<std::string> attributes;

  void fields(config::Fields& f);
};

struct DbSanitizerConfig {
  StatementsConfig sql, redis, valkey, memcached, mongo, opensearch, es;
  bool sanitize_span_name = true;
  bool allow_fallback_without_system = false;

  void fields(config::Fields& f);
};

struct RedactionConfig {
  bool allow_all_keys = false;
  std::vector<std::string> allowed_keys;
  std::vector<std::string> ignored_keys;
  std::vector<std::string> ignored_key_patterns;
  std::vector<std::string> blocked_key_patterns;
  std::vector<std::string> blocked_values;
  std::vector<std::string> allowed_values;
  HashFunction hash_function = HashFunction::none;
  config::Secret hmac_key;
  bool redact_all_types = false;
  Summary summary = Summary::silent;
  UrlSanitizerConfig url_sanitizer;
  DbSanitizerConfig db_sanitizer;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::redaction
