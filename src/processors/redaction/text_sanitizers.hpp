// Where URLs and statements are looked for, and of which kind they are.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "processors/redaction/redaction_config.hpp"
#include "signal/traces.hpp"

namespace rankwire::redaction {

// Thread-safe. Each call returns false, and leaves `into` alone, when nothing has to change.
class UrlSanitizer {
 public:
  explicit UrlSanitizer(UrlSanitizerConfig config);
  bool is_enabled() const { return config_.enabled; }
  bool sanitize_attribute(std::string_view key, std::string_view text, std::string& into) const;
  bool sanitize_text(std::string_view text, std::string& into) const;
  bool sanitize_name(const Span& span, std::string& into) const;

 private:
  const UrlSanitizerConfig config_;
  std::unordered_set<std::string_view> attributes_;  // Views into config_.
};

class DbSanitizer {
 public:
  explicit DbSanitizer(const DbSanitizerConfig& config);
  bool is_enabled() const { return !kinds_.empty(); }
  // `system` is what `system_of` found in the same attributes.
  bool sanitize_attribute(std::string_view key, std::string_view system, std::string_view text,
                          std::string& into) const;
  // Of a log body: by every kind that is enabled.
  bool sanitize_text(std::string_view text, std::string& into) const;
  bool sanitize_name(const Span& span, std::string& into) const;
  // db.system.name or db.system; empty if there is none.
  static std::string_view system_of(const Attributes& attributes);

 private:
  enum class Language : std::uint8_t { sql, redis, memcached, json };
  struct Kind {
    Language language;
    std::vector<std::string_view> systems;
    std::vector<std::string> attributes;
  };
  void add(const StatementsConfig& config, Language language, std::vector<std::string_view> systems);
  static bool hide(Language language, std::string_view system, std::string_view text, std::string& into);
  const Kind* kind_of(std::string_view system) const;

  std::vector<Kind> kinds_;
  const bool sanitizes_names_;
  const bool may_guess_;
};

}  // namespace rankwire::redaction
