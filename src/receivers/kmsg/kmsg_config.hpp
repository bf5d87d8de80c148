// What a user writes about the kernel's log.
#pragma once

#include <optional>
#include <string>

#include "config/fields.hpp"

namespace rankwire::kmsg {

struct OtherMessagesConfig {
  enum class Priority : std::uint8_t { emerg, alert, crit, err, warning, notice, info, debug };
  Priority min_priority = Priority::warning;

  void fields(config::Fields& f);
};

struct KmsgConfig {
  enum class Start : std::uint8_t { end, beginning };

  std::string path = "/dev/kmsg";
  std::string root_path;
  Start start_at = Start::end;
  std::optional<config::ComponentId> storage;
  std::optional<OtherMessagesConfig> other_messages;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::kmsg
