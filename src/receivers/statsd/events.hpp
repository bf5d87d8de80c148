// Events and service checks of DogStatsD as log records.
#pragma once

#include "receivers/statsd/window.hpp"

namespace rankwire::statsd {

// `line` begins with "_e{" or "_sc|". After a problem nothing was appended.
LineProblem append_event(std::string_view line, const Sender& sender, std::uint64_t now_unix_nanos, LogBatch& to);

}  // namespace rankwire::statsd
