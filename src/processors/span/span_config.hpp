// What the span processor can be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/settings/record_match.hpp"
#include "config/fields.hpp"

namespace rankwire::span {

struct ToAttributesConfig {
  std::vector<std::string> rules;
  bool break_after_match = false;
  bool keep_original_name = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct NameConfig {
  std::vector<std::string> from_attributes;
  std::string separator;
  std::optional<ToAttributesConfig> to_attributes;

  void fields(config::Fields& f);
};

enum class StatusCode : std::uint8_t { none, unset, ok, error };

struct StatusConfig {
  StatusCode code = StatusCode::none;
  std::string description;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct SpanConfig {
  std::optional<MatchConfig> include, exclude;
  NameConfig name;
  std::optional<StatusConfig> status;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::span
