// One source of what is known about where the agent runs. A detector waits for nothing longer than its deadline; an
// error means that it could not find out now and should be asked again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "component/component.hpp"
#include "processors/resource_detection/unix_http.hpp"

namespace rankwire::resource_detection {

using FoundValue = std::variant<std::string, std::int64_t, std::vector<std::string>>;

struct Found {
  std::vector<std::pair<std::string, FoundValue>> attributes;
  std::string schema_url;
};

inline constexpr const char* current_schema_url = "https://opentelemetry.io/schemas/1.39.0";

// What detectors look at besides Environment.
struct Surroundings {
  Environment& environment;
  std::function<std::string(const char*)> variable;  // Empty: not set.
  std::string root;                                  // Before "/proc", "/etc" and "/var/run".
  std::function<decltype(get_over_unix_socket)> get_over_unix = get_over_unix_socket;
};

class Detector {
 public:
  virtual ~Detector() = default;
  // Nothing is found where the agent does not run in such a place.
  virtual Result<Found> detect(Deadline deadline, std::stop_token stop) = 0;
};

// Collects attributes that are switched on and not empty.
class Collector {
 public:
  using Switches = std::vector<std::pair<std::string, bool>>;

  explicit Collector(const Switches& switches) : switches_(switches) { found_.schema_url = current_schema_url; }
  bool wants(std::string_view name) const {
    for (const auto& [known, is_on] : switches_)
      if (known == name) return is_on;
    return false;
  }
  void add(std::string_view name, std::string value) {
    if (!value.empty() && wants(name)) found_.attributes.emplace_back(name, std::move(value));
  }
  void add(std::string_view name, std::int64_t value) {
    if (wants(name)) found_.attributes.emplace_back(name, value);
  }
  void add(std::string_view name, std::vector<std::string> values) {
    if (!values.empty() && wants(name)) found_.attributes.emplace_back(name, std::move(values));
  }
  // Whether it was asked for or not: tags have no switch of their own.
  void add_always(std::string name, std::string value) {
    found_.attributes.emplace_back(std::move(name), std::move(value));
  }
  Found take() { return std::move(found_); }

 private:
  const Switches& switches_;
  Found found_;
};

}  // namespace rankwire::resource_detection
