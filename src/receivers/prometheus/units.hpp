// Durations and sizes as Prometheus' configuration writes them.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/fields.hpp"

namespace rankwire::prometheus {

// "30s", "1m30s", "500ms", "1d12h", "1w", "1y", "0". Units fall, each once.
Result<Duration> parse_duration(std::string_view text);
// "10MB", "1GiB", "0": all are powers of 1,024.
Result<Bytes> parse_size(std::string_view text);

// A duration of the configuration that may be absent: empty.
class DurationText {
 public:
  DurationText() = default;
  explicit DurationText(std::string text) : text_(std::move(text)) {}

  void field(config::Fields& f, std::string_view key, std::string_view doc) { f.field(key, text_, doc); }
  void validate(config::Validator& v, std::string_view key) const;
  bool is_set() const { return !text_.empty(); }
  const std::string& text() const { return text_; }
  // Of one that is valid.
  Duration value_or(Duration otherwise) const { return is_set() ? *parse_duration(text_) : otherwise; }

 private:
  std::string text_;
};

}  // namespace rankwire::prometheus
