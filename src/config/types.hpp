// Types that configuration fields have besides the built-in ones.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace rankwire::config {

// `type` or `type/name`: "otlp_http", "file_log/apps".
struct ComponentId {
  std::string type;
  std::string name;

  static Result<ComponentId> parse(std::string_view text);
  std::string text() const { return name.empty() ? type : type + "/" + name; }
  auto operator<=>(const ComponentId&) const = default;
};

// A string that never prints: not in errors, print-config, logs or metrics. Wiped when destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  ~Secret();

  // The one way to the value; the name makes every use visible in review.
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  void wipe();

  std::string value_;
};

}  // namespace rankwire::config
