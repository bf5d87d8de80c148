// The agent's own log on stderr, stdout or a file: console lines or JSON, rate limited by message.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "service/telemetry_settings.hpp"

namespace rankwire::service {

class ConfigurableLogger : public Logger {
 public:
  // For a reload. Any thread. On failure (a file cannot be opened) the old settings stay.
  virtual Result<void> configure(const LogSettings& settings) = 0;
};

// Starts with default settings: console on stderr, info. The clock outlives the logger.
std::unique_ptr<ConfigurableLogger> make_logger(Clock& clock);

}  // namespace rankwire::service
