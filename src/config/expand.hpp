// References in values: ${env:NAME}, ${NAME}, ${NAME:-default}, ${file:path}, ${yaml:text},
// ${https://host/path}, nested and escaped with $$. Used by load() on the merged tree; keys are never expanded.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace rankwire::config {

// The innermost reference that is not escaped, as "${…}", or an empty view.
std::string_view find_reference(std::string_view text);
// "scheme:rest" taken apart; no scheme if there is none of two or more characters.
struct Location {
  std::string_view scheme;
  std::string_view rest;
};
Location split_location(std::string_view text);

// What URLs hold, each fetched once for one configuration.
struct Remote {
  FetchText fetch = nullptr;
  std::map<std::string, Result<std::string>> texts = {};
};

class Expander {
 public:
  // All of these outlive it.
  Expander(FileSystem& files, EnvironmentLookup environment, Remote& remote, Diagnostics& diagnostics,
           std::vector<std::string>& read);

  Node expand(const Node& node, const std::string& path);
  // What a reference (without ${}) stands for, before its own references are expanded. Nothing:
  // reported already. `is_literal`: the reference stands in the configuration itself, so that it may
  // be shown; text that came out of another reference may be a secret.
  std::optional<Node> resolve(std::string_view reference, const Place& place, const std::string& path, bool is_literal);

 private:
  Node expand_scalar(const Node& node, const std::string& path);
  Node expand_children(const Node& node, const std::string& path);
  Node finish_whole(const Node& value, const Node& reference, const std::string& path);
  std::string expand_original(const std::string& text, const Node& at, const std::string& path);
  std::optional<Node> resolve_environment(std::string_view name, const Place& place, const std::string& path,
                                          bool is_literal);
  std::optional<Node> resolve_file(const std::string& name, const Place& place, const std::string& path,
                                   bool is_literal);
  std::optional<Node> resolve_remote(const std::string& url, const Place& place, const std::string& path,
                                     bool is_literal);
  // Counts a reference; false once there were too many in one configuration.
  bool spend(const Place& place, const std::string& path);

  FileSystem& files_;
  EnvironmentLookup environment_;
  Remote& remote_;
  Diagnostics& diagnostics_;
  std::vector<std::string>& read_;
  bool is_hidden_ = false;  // Inside the value of a variable: nothing of it may be shown.
  std::size_t depth_ = 0;
  std::size_t references_ = 0;
  std::size_t characters_ = 0;
};

// The value of text from outside: typed as YAML where it is YAML, kept verbatim where it is text or
// not YAML at all; either way with the original text for string fields.
Node typed_value(const std::string& text, const Place& place);

}  // namespace rankwire::config
