// What the redaction processor does to one attribute list or one body, apart from signals.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "config/fields.hpp"
#include "processors/redaction/mask_pattern.hpp"
#include "signal/value.hpp"

namespace rankwire::redaction {

enum class HashFunction : std::uint8_t { none, md5, sha1, sha3, hmac_sha256, hmac_sha512 };
enum class Summary : std::uint8_t { silent, info, debug };

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

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// What happened to one attribute list.
struct RedactionCounts {
  std::uint64_t masked_values = 0;
  std::uint64_t removed_keys = 0;

  RedactionCounts& operator+=(const RedactionCounts& other);
};

// Thread-safe once compiled.
class Redactor {
 public:
  static Result<std::unique_ptr<Redactor>> compile(const RedactionConfig& config);

  // Removes keys that are not allowed, masks what is blocked, adds the summary attributes.
  RedactionCounts redact(Attributes& attributes, Arena& arena) const;
  // Text is masked; maps are treated like attributes, lists element by element.
  RedactionCounts redact_body(Value& body, Arena& arena) const;

 private:
  enum class Treatment : std::uint8_t { keep, mask_values, mask_all, remove };
  struct Names;

  explicit Redactor(const RedactionConfig& config);
  Treatment treatment_of(std::string_view key) const;
  std::uint64_t redact_entries(Attributes& entries, Arena& arena, int depth, Names* names,
                               RedactionCounts& counts) const;
  // Masks in a value; true if it changed.
  bool mask_value(Value& value, Arena& arena, int depth) const;
  bool mask_text(std::string_view& text, Arena& arena) const;
  std::string_view replacement(std::string_view matched, Arena& arena) const;
  void add_summary(Attributes& attributes, Arena& arena, const Names& names) const;

  const RedactionConfig config_;
  std::unordered_set<std::string_view> allowed_keys_;  // Views into config_.
  std::unordered_set<std::string_view> ignored_keys_;
  std::vector<MaskPattern> ignored_key_patterns_, blocked_key_patterns_, blocked_values_, allowed_values_;
};

}  // namespace rankwire::redaction
