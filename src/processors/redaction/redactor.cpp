#include "processors/redaction/redactor.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace rankwire::redaction {
namespace {

constexpr std::string_view mask = "****";
constexpr int nesting_max = 64;

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
    const auto compiled = MaskPattern::compile(pattern);
    if (!compiled) v.error(key, compiled.error().message());
  }
}

Result<void> compile_all(const std::vector<std::string>& patterns, std::vector<MaskPattern>& into) {
  for (const std::string& pattern : patterns) {
    auto compiled = MaskPattern::compile(pattern);
    if (!compiled) return std::move(compiled).error();
    into.push_back(std::move(*compiled));
  }
  return {};
}

bool any_matches(const std::vector<MaskPattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [text](const MaskPattern& p) { return p.matches(text); });
}

// Numbers and booleans as text, for redact_all_types.
std::string_view scalar_text(const Value& value, Arena& arena) {
  if (value.type() == ValueType::boolean) return value.boolean() ? "true" : "false";
  char text[32];
  char* end = value.type() == ValueType::integer ? std::to_chars(text, text + sizeof text, value.integer()).ptr
                                                 : std::to_chars(text, text + sizeof text, value.real()).ptr;
  return arena.copy({text, static_cast<std::size_t>(end - text)});
}

}  // namespace

void RedactionConfig::fields(config::Fields& f) {
  f.field("allow_all_keys", allow_all_keys, "Keep every key; otherwise only `allowed_keys` stay.");
  f.field("allowed_keys", allowed_keys, "Attribute keys that stay. Empty without `allow_all_keys`: none stays.");
  f.field("ignored_keys", ignored_keys, "Keys left alone: neither removed nor masked.");
  f.field("ignored_key_patterns", ignored_key_patterns, "As `ignored_keys`, by regular expression.");
  f.field("blocked_key_patterns", blocked_key_patterns, "The whole value of keys that match is masked.");
  f.field("blocked_values", blocked_values, "What matches in values and log bodies is masked.");
  f.field("allowed_values", allowed_values, "Values that match are not masked by `blocked_values`.");
  f.choice("hash_function", hash_function, hash_choices, "Mask with a hash instead of ****.");
  f.field("hmac_key", hmac_key, "Key of the hmac functions: at least 32 bytes (sha256) or 64 (sha512).");
  f.field("redact_all_types", redact_all_types, "Check numbers and booleans too; those that match become text.");
  f.choice("summary", summary, summary_choices, "Add attributes that say what was done: silent, info or debug.");
  f.unsupported("url_sanitizer", "mask parts of URLs with `blocked_values` instead");
  f.unsupported("db_sanitizer", "mask statements with `blocked_key_patterns` instead");
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

RedactionCounts& RedactionCounts::operator+=(const RedactionCounts& other) {
  masked_values += other.masked_values;
  removed_keys += other.removed_keys;
  return *this;
}

// The keys concerned, gathered only for a summary.
struct Redactor::Names {
  std::vector<std::string_view> removed, masked, allowed;
  std::uint64_t ignored = 0;
};

Redactor::Redactor(const RedactionConfig& config) : config_(config) {
  allowed_keys_.insert(config_.allowed_keys.begin(), config_.allowed_keys.end());
  ignored_keys_.insert(config_.ignored_keys.begin(), config_.ignored_keys.end());
}

Result<std::unique_ptr<Redactor>> Redactor::compile(const RedactionConfig& config) {
  std::unique_ptr<Redactor> redactor(new Redactor(config));
  RANKWIRE_TRY(compile_all(config.ignored_key_patterns, redactor->ignored_key_patterns_));
  RANKWIRE_TRY(compile_all(config.blocked_key_patterns, redactor->blocked_key_patterns_));
  RANKWIRE_TRY(compile_all(config.blocked_values, redactor->blocked_values_));
  RANKWIRE_TRY(compile_all(config.allowed_values, redactor->allowed_values_));
  return redactor;
}

Redactor::Treatment Redactor::treatment_of(std::string_view key) const {
  if (!ignored_keys_.empty() && ignored_keys_.contains(key)) return Treatment::keep;
  if (any_matches(ignored_key_patterns_, key)) return Treatment::keep;
  if (!config_.allow_all_keys && !allowed_keys_.contains(key)) return Treatment::remove;
  if (any_matches(blocked_key_patterns_, key)) return Treatment::mask_all;
  return Treatment::mask_values;
}

std::string_view Redactor::replacement(std::string_view matched, Arena& arena) const {
  const EVP_MD* function = nullptr;
  bool is_keyed = false;
  switch (config_.hash_function) {
    case HashFunction::none: return mask;
    case HashFunction::md5: function = EVP_md5(); break;
    case HashFunction::sha1: function = EVP_sha1(); break;
    case HashFunction::sha3: function = EVP_sha3_256(); break;
    case HashFunction::hmac_sha256: function = EVP_sha256(), is_keyed = true; break;
    case HashFunction::hmac_sha512: function = EVP_sha512(), is_keyed = true; break;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(matched.data());
  const std::string& key = config_.hmac_key.reveal();
  const bool is_made = is_keyed ? HMAC(function, key.data(), static_cast<int>(key.size()), data, matched.size(), digest,
                                       &size) != nullptr
                                : EVP_Digest(data, matched.size(), digest, &size, function, nullptr) == 1;
  if (!is_made) return mask;  // A hash that FIPS forbids, say: never fall back to the plain value.
  char* hex = arena.allocate_array<char>(std::size_t{2} * size);
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  return {hex, std::size_t{2} * size};
}

bool Redactor::mask_text(std::string_view& text, Arena& arena) const {
  bool is_changed = false;
  for (const MaskPattern& pattern : blocked_values_) {
    Match match;
    if (!pattern.find(text, 0, match)) continue;
    if (!allowed_values_.empty() && any_matches(allowed_values_, text)) return is_changed;
    std::string masked;
    std::size_t copied = 0;
    do {
      masked.append(text.substr(copied, match.begin - copied));
      masked.append(replacement(text.substr(match.begin, match.end - match.begin), arena));
      copied = match.end;
    } while (pattern.find(text, copied, match));
    masked.append(text.substr(copied));
    text = arena.copy(masked);
    is_changed = true;
  }
  return is_changed;
}

bool Redactor::mask_value(Value& value, Arena& arena, int depth) const {
  switch (value.type()) {
    case ValueType::empty: return false;
    case ValueType::text: {
      std::string_view text = value.text();
      if (!mask_text(text, arena)) return false;
      value = Value::of(text);
      return true;
    }
    case ValueType::bytes: {
      std::string_view bytes = value.text();
      if (!mask_text(bytes, arena)) return false;
      value = Value::of_bytes(bytes);
      return true;
    }
    case ValueType::array: {
      List<Value> items = value.items();
      bool is_changed = false;
      for (std::uint32_t i = 0; i < items.size() && depth < nesting_max; ++i) {
        Value item = std::as_const(items)[i];
        if (!mask_value(item, arena, depth + 1)) continue;
        items.own(arena);
        items[i] = item;
        is_changed = true;
      }
      if (is_changed) value = Value::of(items);
      return is_changed;
    }
    case ValueType::map: {
      Attributes entries = value.entries();
      RedactionCounts counts;
      if (depth >= nesting_max || redact_entries(entries, arena, depth + 1, nullptr, counts) == 0) return false;
      value = Value::of(entries);
      return true;
    }
    default: {
      if (!config_.redact_all_types) return false;
      std::string_view text = scalar_text(value, arena);
      if (!mask_text(text, arena)) return false;
      value = Value::of(text);
      return true;
    }
  }
}

// Returns how many entries changed or went.
std::uint64_t Redactor::redact_entries(Attributes& entries, Arena& arena, int depth, Names* names,
                                       RedactionCounts& counts) const {
  std::uint64_t changes = 0;
  std::uint32_t kept = 0;
  const std::uint32_t size = entries.size();
  for (std::uint32_t i = 0; i < size; ++i) {
    KeyValue entry = std::as_const(entries)[i];
    // Below the top level, only the values are checked: the allow list speaks of attribute keys.
    Treatment treatment = depth == 0 ? treatment_of(entry.key) : Treatment::mask_values;
    if (depth != 0 && any_matches(blocked_key_patterns_, entry.key)) treatment = Treatment::mask_all;
    if (treatment == Treatment::remove) {
      entries.own(arena);
      if (names != nullptr) names->removed.push_back(entry.key);
      ++counts.removed_keys;
      ++changes;
      continue;
    }
    bool is_masked = false;
    if (treatment == Treatment::mask_all) {
      const bool is_text = entry.value.is_text();
      entry.value = Value::of(replacement(is_text ? entry.value.text() : std::string_view(), arena));
      is_masked = true;
    } else if (treatment == Treatment::mask_values) {
      is_masked = mask_value(entry.value, arena, depth);
    }
    if (names != nullptr) {
      if (is_masked) names->masked.push_back(entry.key);
      if (treatment == Treatment::keep)
        ++names->ignored;
      else
        names->allowed.push_back(entry.key);
    }
    if (is_masked) {
      ++counts.masked_values;
      ++changes;
    }
    if (is_masked || kept != i) {
      entries.own(arena);
      entries[kept] = entry;
    }
    ++kept;
  }
  entries.truncate(kept);
  return changes;
}

void Redactor::add_summary(Attributes& attributes, Arena& arena, const Names& names) const {
  const auto add = [&](std::string_view keys_name, std::string_view count_name, std::vector<std::string_view> keys) {
    if (keys.empty()) return;
    std::sort(keys.begin(), keys.end());
    if (config_.summary == Summary::debug) {
      std::string joined;
      for (const std::string_view key : keys) joined.append(joined.empty() ? "" : ",").append(key);
      set(attributes, arena, keys_name, Value::of(arena.copy(joined)));
    }
    set(attributes, arena, count_name, Value::of(static_cast<std::int64_t>(keys.size())));
  };
  add("redaction.redacted.keys", "redaction.redacted.count", names.removed);
  add("redaction.masked.keys", "redaction.masked.count", names.masked);
  if (config_.summary == Summary::debug) add("redaction.allowed.keys", "redaction.allowed.count", names.allowed);
  if (names.ignored != 0)
    set(attributes, arena, "redaction.ignored.count", Value::of(static_cast<std::int64_t>(names.ignored)));
}

RedactionCounts Redactor::redact(Attributes& attributes, Arena& arena) const {
  RedactionCounts counts;
  if (config_.summary == Summary::silent) {
    redact_entries(attributes, arena, 0, nullptr, counts);
    return counts;
  }
  Names names;
  redact_entries(attributes, arena, 0, &names, counts);
  add_summary(attributes, arena, names);
  return counts;
}

RedactionCounts Redactor::redact_body(Value& body, Arena& arena) const {
  RedactionCounts counts;
  if (body.type() == ValueType::map) {
    Attributes entries = body.entries();
    if (redact_entries(entries, arena, 0, nullptr, counts) != 0) body = Value::of(entries);
  } else if (mask_value(body, arena, 0)) {
    counts.masked_values = 1;
  }
  return counts;
}

}  // namespace rankwire::redaction
