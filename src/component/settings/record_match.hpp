// The include/exclude sections of the attributes and filter processors: which records are meant.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "signal/batch.hpp"

namespace rankwire {

enum class MatchType : std::uint8_t { none, strict, regexp };

struct AttributeMatchConfig {
  std::string key;
  config::Node value;  // Absent: the key only has to be there.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct LibraryMatchConfig {
  std::string name;
  std::optional<std::string> version;

  void fields(config::Fields& f);
};

struct SeverityMatchConfig {
  std::string min;
  bool match_undefined = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct RegexpCacheConfig {
  void fields(config::Fields& f);
};

struct MatchConfig {
  MatchType match_type = MatchType::none;
  std::optional<RegexpCacheConfig> regexp;
  std::vector<std::string> services, span_names, log_bodies, log_severity_texts, metric_names, span_kinds;
  std::optional<SeverityMatchConfig> log_severity_number;
  std::vector<AttributeMatchConfig> attributes, resources;
  std::vector<LibraryMatchConfig> libraries;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  bool is_empty() const;
};

// 1…24 of a severity's name ("INFO", "warn2", "9"); 0 if it is none.
std::uint32_t severity_number_of(std::string_view name);

// Every condition that is configured must hold; within a list one entry is enough, but all of
// `attributes` must match. Thread-safe once compiled.
class RecordMatch {
 public:
  static Result<RecordMatch> compile(const MatchConfig& config);
  RecordMatch(RecordMatch&&) noexcept;
  RecordMatch& operator=(RecordMatch&&) noexcept;
  ~RecordMatch();

  bool matches(const Resource& resource, const Scope& scope, const LogRecord& record) const;
  bool matches(const Resource& resource, const Scope& scope, const Span& span) const;
  // By the metric's name; `attributes` are those of a data point, or null to leave them out.
  bool matches(const Resource& resource, const Scope& scope, const Metric& metric, const Attributes* attributes) const;

 private:
  struct Compiled;
  explicit RecordMatch(std::unique_ptr<Compiled> compiled);
  bool matches_origin(const Resource& resource, const Scope& scope) const;
  std::unique_ptr<Compiled> compiled_;
};

// `include` and `exclude` of a component, either of which may be absent.
class MatchSides {
 public:
  template <class Config>
  static Result<MatchSides> compile(const std::optional<Config>& include, const std::optional<Config>& exclude) {
    MatchSides sides;
    for (const auto& [from, into] : {std::pair(&include, &sides.include_), {&exclude, &sides.exclude_}}) {
      if (!*from) continue;
      auto match = RecordMatch::compile(**from);
      if (!match) return std::move(match).error();
      into->emplace(std::move(*match));
    }
    return sides;
  }
  // Arguments as of RecordMatch::matches.
  template <class... Record>
  bool let_through(const Record&... record) const {
    return (!include_ || include_->matches(record...)) && !(exclude_ && exclude_->matches(record...));
  }

 private:
  std::optional<RecordMatch> include_, exclude_;
};

}  // namespace rankwire
