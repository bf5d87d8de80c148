// What is wrong with a configuration: all of it in one run, each with its place and a remedy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/node.hpp"

namespace rankwire::config {

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Place place;
  std::string path;        // "exporters::otlp_http::tls::ca_file"
  std::string message;     // What is wrong. Never contains a secret's value.
  std::string suggestion;  // What to do: "did you mean \"endpoint\"?"; may be empty.

  std::string text() const;  // One or two lines for a terminal.
};

class Diagnostics {
 public:
  void error(const Place& place, std::string path, std::string message, std::string suggestion = {});
  void warning(const Place& place, std::string path, std::string message, std::string suggestion = {});
  bool has_errors() const;
  const std::vector<Diagnostic>& all() const { return all_; }
  std::string text() const;  // All, in order of place.
  Error as_error() const;    // ErrorKind::invalid with text().

 private:
  std::vector<Diagnostic> all_;
};

// The candidate most like `wrong` (edit distance, at most a third of its length), or empty.
std::string_view closest(std::string_view wrong, const std::vector<std::string_view>& candidates);
// "did you mean \"x\"?" or a list of what is allowed when that is short; else empty.
std::string suggest(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace rankwire::config
