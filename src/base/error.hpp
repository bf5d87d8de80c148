// Errors as values. The kind tells the caller what to do next; the message tells a person what
// happened and, where possible, what to do about it. Nothing throws across a room's boundary.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace rankwire {

enum class ErrorKind : std::uint8_t {
  invalid,      // Bad data or configuration: the same input fails again. Do not retry.
  refused,      // We, or the other side, are full. Retry after `retry_after`.
  too_large,    // More than we can ever take at once, however long one waits. Do not retry.
  unavailable,  // The other side failed. Retrying may help.
  denied,       // Credentials or permissions. A person must act.
  corrupt,      // Stored bytes fail their check.
  internal,     // We cannot do it, through no fault of the sender. Do not retry.
  cancelled,    // We were asked to stop.
};

std::string_view to_string(ErrorKind kind);

class [[nodiscard]] Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  Error(ErrorKind kind, std::string message, std::chrono::milliseconds retry_after)
      : kind_(kind), message_(std::move(message)), retry_after_(retry_after) {}

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  // How long the other side asked us to wait, or how long we ask a sender to wait.
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
  // Whether sending the same data again can succeed.
  bool is_retryable() const { return kind_ == ErrorKind::refused || kind_ == ErrorKind::unavailable; }
  // Whether the same data will never be taken, whatever happens to the other side.
  bool is_final() const {
    return kind_ == ErrorKind::invalid || kind_ == ErrorKind::denied || kind_ == ErrorKind::too_large;
  }

  // Refused for what is in the data, so that other data may be taken meanwhile: a source that has several kinds keeps
  // only this one back.
  Error of_this_data() && {
    is_of_this_data_ = true;
    return std::move(*this);
  }
  bool is_of_this_data() const { return is_of_this_data_; }

  // Adds context in front: "opening segment 42: reading header: 3 of 16 bytes".
  Error during(std::string_view step) &&;

 private:
  ErrorKind kind_;
  bool is_of_this_data_ = false;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpected<Error>(std::move(error))) {}
};

}  // namespace rankwire

// Returns the error of `expression` from the enclosing function. The one macro with control flow:
// without it every second line of a parser is the same `if`.
#define RANKWIRE_TRY(expression)                                  \
  do {                                                            \
    if (auto try_result = (expression); !try_result) [[unlikely]] \
      return ::rankwire::Error(std::move(try_result).error());    \
  } while (false)
