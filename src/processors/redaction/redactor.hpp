// What the redaction processor does to one attribute list or one body, apart from signals.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "processors/redaction/redaction_config.hpp"
#include "processors/redaction/text_sanitizers.hpp"
#include "signal/value.hpp"
#include "text/mask_pattern.hpp"

namespace rankwire::redaction {

// What happened to one attribute list.
struct RedactionCounts {
  std::uint64_t masked_values = 0;
  std::uint64_t removed_keys = 0;

  RedactionCounts& operator+=(const RedactionCounts& other) {
    masked_values += other.masked_values;
    removed_keys += other.removed_keys;
    return *this;
  }
};

// Thread-safe once compiled.
class Redactor {
 public:
  static Result<std::unique_ptr<Redactor>> compile(const RedactionConfig& config);

  // Removes keys that are not allowed, masks what is blocked, adds the summary attributes.
  RedactionCounts redact(Attributes& attributes, Arena& arena) const;
  // Text is masked; maps are treated like attributes, lists element by element. The summary goes to
  // the record's `attributes`.
  void redact_body(Value& body, Attributes& attributes, Arena& arena, RedactionCounts& counts) const;
  // What the sanitizers make of a span's name; its attributes must still be those it came with.
  bool redact_name(Span& span, Arena& arena) const;

 private:
  enum class Treatment : std::uint8_t { keep, mask_values, mask_all, remove };
  struct Names;
  struct Pass;
  class PathStep;

  explicit Redactor(const RedactionConfig& config);
  Treatment treatment_of(std::string_view key) const;
  Treatment treatment_at(std::string_view key, const Pass& pass, int depth) const;
  std::uint64_t redact_entries(Attributes& entries, Pass& pass, int depth) const;
  // These return whether something changed.
  bool mask_value(Value& value, std::string_view key, Pass& pass, int depth) const;
  bool mask_items(Value& value, Pass& pass, int depth) const;
  static bool mask_unseen(Value& value, Pass& pass);
  bool mask_whole(KeyValue& entry, Pass& pass) const;
  bool mask_text(std::string_view& text, std::string_view key, Pass& pass) const;
  void redact_body(Value& body, Pass& pass) const;
  bool mask_blocked(std::string_view& text, Arena& arena) const;
  bool sanitize(std::string_view& text, std::string_view key, const Pass& pass) const;
  bool is_allowed(std::string_view text, const Pass& pass, std::string_view key) const;
  std::string_view replacement(std::string_view matched, Arena& arena) const;
  void add_summary(Attributes& attributes, Arena& arena, Names& names, bool is_body) const;

  const RedactionConfig config_;
  std::unordered_set<std::string_view> allowed_keys_;  // Views into config_.
  std::unordered_set<std::string_view> ignored_keys_;
  const UrlSanitizer urls_;
  const DbSanitizer statements_;
  std::vector<text::MaskPattern> ignored_key_patterns_, blocked_key_patterns_, blocked_values_, allowed_values_;
};

}  // namespace rankwire::redaction
