// Names from attributes and attributes from names, of one span. Thread-safe once made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "processors/span/span_config.hpp"
#include "signal/traces.hpp"

namespace rankwire::span {

class SpanName {
 public:
  static Result<SpanName> compile(const NameConfig& config);
  SpanName(SpanName&&) noexcept;
  SpanName& operator=(SpanName&&) noexcept;
  ~SpanName();

  // Keys that it sets point into it, and must live as long as the span.
  void apply(Span& span, Arena& arena) const;

 private:
  struct Rule;
  explicit SpanName(const NameConfig& config);
  void name_from_attributes(Span& span, Arena& arena) const;
  bool apply_rule(const Rule& rule, Span& span, Arena& arena) const;

  std::vector<std::string> keys_;
  std::string separator_;
  bool breaks_after_match_ = false, keeps_name_ = false;
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace rankwire::span
