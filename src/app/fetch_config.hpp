// Configurations behind http: and https: URLs. Here rather than in config/, which knows no network.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/diagnostics.hpp"

namespace rankwire::app {

// The text behind a URL, at most 16 MiB, waited for ten seconds.
Result<std::string> fetch_text(const std::string& url);

// Replaces each http: and https: location by the text found there, as a yaml: location. What cannot be
// fetched is an error and becomes empty.
void fetch_locations(std::vector<std::string>& locations, config::Diagnostics& diagnostics);

}  // namespace rankwire::app
