// The agent's own log. Structured: a constant message, then named values, so that it can be
// rate limited by message and read by machines. Never log a record's contents or a secret.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rankwire {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

struct LogField {
  LogField(std::string_view name, std::string_view value) : name(name), text(value) {}
  LogField(std::string_view name, const char* value) : name(name), text(value) {}
  LogField(std::string_view name, const std::string& value) : name(name), text(value) {}
  template <class N>
    requires std::is_integral_v<N>
  LogField(std::string_view name, N value) : name(name), text(std::to_string(value)) {}
  LogField(std::string_view name, double value) : name(name), text(std::to_string(value)) {}

  std::string_view name;
  std::string text;
};

class Logger {
 public:
  virtual ~Logger() = default;
  // Any thread. `message` must be a constant text: it is the key of the rate limit.
  virtual void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) = 0;
  virtual bool is_enabled(LogLevel level) const = 0;

  void debug(std::string_view m, std::initializer_list<LogField> f = {}) {
    if (is_enabled(LogLevel::debug)) write(LogLevel::debug, m, f);
  }
  void info(std::string_view m, std::initializer_list<LogField> f = {}) {
    if (is_enabled(LogLevel::info)) write(LogLevel::info, m, f);
  }
  void warn(std::string_view m, std::initializer_list<LogField> f = {}) {
    if (is_enabled(LogLevel::warn)) write(LogLevel::warn, m, f);
  }
  void error(std::string_view m, std::initializer_list<LogField> f = {}) { write(LogLevel::error, m, f); }
};

// Drops everything; for tests.
class NullLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
  bool is_enabled(LogLevel) const override { return false; }
};

}  // namespace rankwire
