// From --config and --set to one merged, expanded tree, by otelcol's rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file_system.hpp"
#include "config/diagnostics.hpp"
#include "config/node.hpp"

namespace rankwire::config {

struct Sources {
  std::vector<std::string> locations;  // --config, in order; later wins. file:, env:, yaml:, or a bare path.
  std::vector<std::string> overrides;  // --set a.b.c=value, after all locations.
};

struct Loaded {
  Node root;
  // Every file that was read (with ${file:…} ones): watched for changes.
  std::vector<std::string> files;
  // Rendered values that came from an environment variable or file whose name suggests a secret
  // are not tracked; secrecy is decided by the field's type.
};

// Environment variables come through a function so that tests need not change the process's.
using EnvironmentLookup = std::optional<std::string> (*)(const std::string& name);

// The text behind an http: or https: URL. A function, because this room knows no network.
using FetchText = Result<std::string> (*)(const std::string& url);

// Reads, merges and expands. Problems go to `diagnostics`; the tree holds what could be read. Without
// `fetch`, references to URLs are errors.
Loaded load(const Sources& sources, FileSystem& files, EnvironmentLookup environment, Diagnostics& diagnostics,
            FetchText fetch = nullptr);

// One YAML document, no merge or expansion. Duplicate keys, alias cycles and bombs are errors.
Node parse_yaml(const std::string& text, const std::string& source, Diagnostics& diagnostics);
// Deep merge: maps merge, scalars and lists replace, null deletes.
Node merge(const Node& base, const Node& over);
std::string to_yaml(const Node& node);
std::string to_json(const Node& node);

// YAML 1.2 core typing of an untyped scalar, as upstream decides it.
enum class ScalarType : std::uint8_t { null, boolean, integer, real, text };
ScalarType scalar_type(const Node& node);

}  // namespace rankwire::config
