#include "receivers/kmsg/kmsg_config.hpp"

namespace rankwire::kmsg {

void OtherMessagesConfig::fields(config::Fields& f) {
  f.choice("min_priority", min_priority,
           {{"emerg", static_cast<int>(Priority::emerg)},
            {"alert", static_cast<int>(Priority::alert)},
            {"crit", static_cast<int>(Priority::crit)},
            {"err", static_cast<int>(Priority::err)},
            {"warning", static_cast<int>(Priority::warning)},
            {"notice", static_cast<int>(Priority::notice)},
            {"info", static_cast<int>(Priority::info)},
            {"debug", static_cast<int>(Priority::debug)}},
           "What is less urgent is left out.");
}

void KmsgConfig::fields(config::Fields& f) {
  f.field("path", path, "The kernel's ring buffer.");
  f.field("root_path", root_path, "Where the host's root is, in a container without the host's processes: /hostfs.");
  f.choice("start_at", start_at,
           {{"end", static_cast<int>(Start::end)}, {"beginning", static_cast<int>(Start::beginning)}},
           "Where to begin when no position is stored: with what is new, or with all that the buffer holds.");
  f.field("storage", storage, "Extension that keeps the position across restarts.");
  f.optional_section("other_messages", other_messages, "Also what is no known event.");
}

void KmsgConfig::validate(config::Validator& v) const {
  if (!path.starts_with('/')) v.error("path", "must be an absolute path");
  if (!root_path.empty() && !root_path.starts_with('/')) v.error("root_path", "must be an absolute path");
}

}  // namespace rankwire::kmsg
