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

Result<void> compile_all(const std::vector<std::string>& patterns, std::vector<text::MaskPattern>& into) {
  for (const std::string& pattern : patterns) {
    auto compiled = text::MaskPattern::compile(pattern);
    if (!compiled) return std::move(compiled).error();
    into.push_back(std::move(*compiled));
  }
  return {};
}

bool any_matches(const std::vector<text::MaskPattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [text](const text::MaskPattern& p) { return p.matches(text); });
}

// Numbers and booleans as text, for redact_all_types.
std::string_view scalar_text(const Value& value, Arena& arena) {
  if (value.type() == ValueType::boolean) return value.boolean() ? "true" : "false";
  char text[32];
  char* end = value.type() == ValueType::integer ? std::to_chars(text, text + sizeof text, value.integer()).ptr
                                                 : std::to_chars(text, text + sizeof text, value.real()).ptr;
  return arena.copy({text, static_cast<std::size_t>(end - text)});
}

bool is_scalar(const Value& value) {
  return value.type() == ValueType::boolean || value.type() == ValueType::integer || value.type() == ValueType::real;
}

struct SummaryKeys {
  std::string_view removed, removed_count, masked, masked_count, allowed, allowed_count, ignored_count;
};
constexpr SummaryKeys attribute_keys = {
    "redaction.redacted.keys", "redaction.redacted.count", "redaction.masked.keys",  "redaction.masked.count",
    "redaction.allowed.keys",  "redaction.allowed.count",  "redaction.ignored.count"};
constexpr SummaryKeys body_keys = {"redaction.body.redacted.keys", "redaction.body.redacted.count",
                                   "redaction.body.masked.keys",   "redaction.body.masked.count",
                                   "redaction.body.allowed.keys",  "redaction.body.allowed.count",
                                   "redaction.body.ignored.count"};

}  // namespace

// The keys concerned, gathered only for a summary.
struct Redactor::Names {
  std::vector<std::string> removed, masked, allowed;
  std::uint64_t ignored = 0;
};

// One attribute list or one body on its way through.
struct Redactor::Pass {
  Arena& arena;
  RedactionCounts& counts;
  Names* names = nullptr;  // Null: no summary.
  bool is_body = false;
  std::string_view db_system = {};
  std::string path = {};  // Of what is looked at, in a body and with a summary.

  bool has_path() const { return is_body && names != nullptr; }
  // A leaf of a body has changed.
  void note_masked_leaf() {
    if (!is_body) return;
    ++counts.masked_values;
    if (names != nullptr) names->masked.push_back(path.empty() ? "body" : path);
  }
};

// Extends the path while it lives.
class Redactor::PathStep {
 public:
  PathStep(Pass& pass, std::string_view step) : pass_(pass), size_(pass.path.size()) {
    if (!pass_.has_path()) return;
    if (size_ != 0) pass_.path += '.';
    pass_.path += step;
  }
  ~PathStep() { pass_.path.resize(size_); }

 private:
  Pass& pass_;
  const std::size_t size_;
};

Redactor::Redactor(const RedactionConfig& config)
    : config_(config), urls_(config.url_sanitizer), statements_(config.db_sanitizer) {
  allowed_keys_.insert(config_.allowed_keys.begin(), config_.allowed_keys.end());
  // A second processor must not remove what the first one reports.
  for (const SummaryKeys* keys : {&attribute_keys, &body_keys})
    allowed_keys_.insert({keys->removed, keys->removed_count, keys->masked, keys->masked_count, keys->allowed,
                          keys->allowed_count, keys->ignored_count});
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

bool Redactor::mask_blocked(std::string_view& text, Arena& arena) const {
  // Masked texts are put together here, without a piece of the heap for each.
  static thread_local std::string masked;
  constexpr std::size_t kept_capacity_max = 64 * 1024;
  bool is_changed = false;
  for (const text::MaskPattern& pattern : blocked_values_) {
    text::Match match;
    if (!pattern.find(text, 0, match)) continue;
    if (!is_changed && !allowed_values_.empty() && any_matches(allowed_values_, text)) return false;
    masked.clear();
    std::size_t copied = 0;
    do {
      masked.append(text, copied, match.begin - copied);
      masked.append(replacement(text.substr(match.begin, match.end - match.begin), arena));
      copied = match.end;
    } while (pattern.find(text, copied, match));
    masked.append(text, copied);
    text = arena.copy(masked);
    if (masked.capacity() > kept_capacity_max) masked = std::string();
    is_changed = true;
  }
  return is_changed;
}

// `key` is empty for what is no attribute of the top level.
bool Redactor::sanitize(std::string_view& text, std::string_view key, const Pass& pass) const {
  if (!urls_.is_enabled() && !statements_.is_enabled()) return false;
  bool is_changed = false;
  std::string clean;
  const auto take = [&](bool is_cleaned) {
    if (is_cleaned) text = pass.arena.copy(clean);
    is_changed |= is_cleaned;
  };
  if (urls_.is_enabled())
    take(pass.is_body ? urls_.sanitize_text(text, clean) : urls_.sanitize_attribute(key, text, clean));
  if (statements_.is_enabled())
    take(pass.is_body ? statements_.sanitize_text(text, clean)
                      : statements_.sanitize_attribute(key, pass.db_system, text, clean));
  return is_changed;
}

bool Redactor::is_allowed(std::string_view text, const Pass& pass, std::string_view key) const {
  if (allowed_values_.empty() || !any_matches(allowed_values_, text)) return false;
  if (pass.names != nullptr && !(pass.is_body ? pass.path : key).empty())
    pass.names->allowed.push_back(pass.is_body ? pass.path : std::string(key));
  return true;
}

bool Redactor::mask_text(std::string_view& text, std::string_view key, Pass& pass) const {
  // Most texts hold nothing that is blocked: then what is allowed need not be asked.
  const bool is_asked_first = pass.names != nullptr || urls_.is_enabled() || statements_.is_enabled();
  if (is_asked_first && is_allowed(text, pass, key)) return false;
  const bool is_masked = mask_blocked(text, pass.arena);
  if (!sanitize(text, key, pass) && !is_masked) return false;
  pass.note_masked_leaf();
  return true;
}

bool Redactor::mask_value(Value& value, std::string_view key, Pass& pass, int depth) const {
  switch (value.type()) {
    case ValueType::empty: return false;
    case ValueType::text: {
      std::string_view text = value.text();
      if (!mask_text(text, key, pass)) return false;
      value = Value::of(text);
      return true;
    }
    case ValueType::bytes: {
      std::string_view bytes = value.text();
      if (is_allowed(bytes, pass, key) || !mask_blocked(bytes, pass.arena)) return false;
      pass.note_masked_leaf();
      value = Value::of_bytes(bytes);
      return true;
    }
    case ValueType::array: return depth < nesting_max ? mask_items(value, pass, depth) : mask_unseen(value, pass);
    case ValueType::map: {
      if (depth >= nesting_max) return mask_unseen(value, pass);
      Attributes entries = value.entries();
      if (redact_entries(entries, pass, depth + 1) == 0) return false;
      value = Value::of(entries);
      return true;
    }
    default: {
      if (!config_.redact_all_types && !pass.is_body) return false;
      std::string_view text = scalar_text(value, pass.arena);
      if (!mask_text(text, key, pass)) return false;
      value = Value::of(text);
      return true;
    }
  }
}

// What lies too deep to be looked into does not leave either: parsing can put one deep value into another.
bool Redactor::mask_unseen(Value& value, Pass& pass) {
  value = Value::of(mask);
  pass.note_masked_leaf();
  return true;
}

bool Redactor::mask_items(Value& value, Pass& pass, int depth) const {
  List<Value> items = value.items();
  bool is_changed = false;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const PathStep step(pass, pass.has_path() ? "[" + std::to_string(i) + "]" : std::string());
    Value item = std::as_const(items)[i];
    if (!mask_value(item, {}, pass, depth + 1)) continue;
    items.own(pass.arena);
    items[i] = item;
    is_changed = true;
  }
  if (is_changed) value = Value::of(items);
  return is_changed;
}

Redactor::Treatment Redactor::treatment_at(std::string_view key, const Pass& pass, int depth) const {
  // Inside an attribute's value only values are checked: the allow list speaks of attribute keys.
  if (depth == 0 || pass.is_body) return treatment_of(key);
  return any_matches(blocked_key_patterns_, key) ? Treatment::mask_all : Treatment::mask_values;
}

bool Redactor::mask_whole(KeyValue& entry, Pass& pass) const {
  std::string_view text;
  if (entry.value.is_text())
    text = entry.value.text();
  else if (config_.redact_all_types && is_scalar(entry.value))
    text = scalar_text(entry.value, pass.arena);
  if (!pass.is_body && is_allowed(text, pass, entry.key)) return false;
  entry.value = Value::of(replacement(text, pass.arena));
  pass.note_masked_leaf();
  return true;
}

// Returns how many entries changed or went.
std::uint64_t Redactor::redact_entries(Attributes& entries, Pass& pass, int depth) const {
  std::uint64_t changes = 0;
  std::uint32_t kept = 0;
  const std::uint32_t size = entries.size();
  for (std::uint32_t i = 0; i < size; ++i) {
    KeyValue entry = std::as_const(entries)[i];
    const PathStep step(pass, entry.key);
    const Treatment treatment = treatment_at(entry.key, pass, depth);
    if (treatment == Treatment::remove) {
      entries.own(pass.arena);
      if (pass.names != nullptr) pass.names->removed.push_back(pass.is_body ? pass.path : std::string(entry.key));
      ++pass.counts.removed_keys;
      ++changes;
      continue;
    }
    bool is_changed = false;
    if (treatment == Treatment::mask_all) is_changed = mask_whole(entry, pass);
    if (treatment == Treatment::mask_values)
      is_changed = mask_value(entry.value, depth == 0 ? entry.key : std::string_view(), pass, depth);
    if (treatment == Treatment::keep && pass.names != nullptr) ++pass.names->ignored;
    if (is_changed && !pass.is_body && depth == 0) {
      if (pass.names != nullptr) pass.names->masked.emplace_back(entry.key);
      ++pass.counts.masked_values;
    }
    changes += is_changed ? 1 : 0;
    if (is_changed || kept != i) {
      entries.own(pass.arena);
      entries[kept] = entry;
    }
    ++kept;
  }
  entries.truncate(kept);
  return changes;
}

void Redactor::add_summary(Attributes& attributes, Arena& arena, Names& names, bool is_body) const {
  const SummaryKeys& keys = is_body ? body_keys : attribute_keys;
  const auto add_count = [&](std::string_view name, std::uint64_t count) {
    if (count == 0) return;
    const Value* before = find(attributes, name);
    const std::int64_t sum = before != nullptr && before->type() == ValueType::integer ? before->integer() : 0;
    set(attributes, arena, name, Value::of(sum + static_cast<std::int64_t>(count)));
  };
  const auto add = [&](std::string_view name, std::string_view count_name, std::vector<std::string>& list) {
    const std::uint64_t count = list.size();
    if (count == 0) return;
    if (config_.summary == Summary::debug) {
      // What an earlier processor noted stays.
      if (const Value* before = find(attributes, name); before != nullptr && before->is_text())
        list.emplace_back(before->text());
      std::sort(list.begin(), list.end());
      std::string joined;
      for (const std::string& key : list) joined.append(joined.empty() ? "" : ",").append(key);
      set(attributes, arena, name, Value::of(arena.copy(joined)));
    }
    add_count(count_name, count);
  };
  add(keys.removed, keys.removed_count, names.removed);
  add(keys.masked, keys.masked_count, names.masked);
  add(keys.allowed, keys.allowed_count, names.allowed);
  add_count(keys.ignored_count, names.ignored);
}

RedactionCounts Redactor::redact(Attributes& attributes, Arena& arena) const {
  RedactionCounts counts;
  Names names;
  Pass pass{arena, counts, config_.summary == Summary::silent ? nullptr : &names};
  if (statements_.is_enabled()) pass.db_system = DbSanitizer::system_of(attributes);
  redact_entries(attributes, pass, 0);
  if (pass.names != nullptr) add_summary(attributes, arena, names, false);
  return counts;
}

void Redactor::redact_body(Value& body, Attributes& attributes, Arena& arena, RedactionCounts& counts) const {
  if (config_.summary == Summary::silent) {
    if (body.is_text() && !urls_.is_enabled() && !statements_.is_enabled()) {  // Nearly all.
      std::string_view text = body.text();
      if (!mask_blocked(text, arena)) return;
      body = Value::of(text);
      ++counts.masked_values;
      return;
    }
    Pass pass{arena, counts, nullptr, true};
    redact_body(body, pass);
    return;
  }
  Names names;
  Pass pass{arena, counts, &names, true};
  redact_body(body, pass);
  add_summary(attributes, arena, names, true);
}

void Redactor::redact_body(Value& body, Pass& pass) const {
  if (body.type() != ValueType::map) {
    mask_value(body, {}, pass, 0);
    return;
  }
  Attributes entries = body.entries();
  if (redact_entries(entries, pass, 0) != 0) body = Value::of(entries);
}

bool Redactor::redact_name(Span& span, Arena& arena) const {
  if (!urls_.is_enabled() && !statements_.is_enabled()) return false;
  if (!allowed_values_.empty() && any_matches(allowed_values_, span.name)) return false;
  std::string clean;
  if (!urls_.sanitize_name(span, clean) && !statements_.sanitize_name(span, clean)) return false;
  span.name = arena.copy(clean);
  return true;
}

}  // namespace rankwire::redaction
