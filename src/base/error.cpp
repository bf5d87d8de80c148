#include "base/error.hpp"

namespace rankwire {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::refused: return "refused";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::denied: return "denied";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::internal: return "internal";
    case ErrorKind::cancelled: return "cancelled";
  }
  return "unknown";
}

Error Error::during(std::string_view step) && {
  std::string message;
  message.reserve(step.size() + 2 + message_.size());
  message.append(step).append(": ").append(message_);
  message_ = std::move(message);
  return std::move(*this);
}

}  // namespace rankwire
