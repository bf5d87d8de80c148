// Sources to one tree: read each, split "::" keys, merge in order, expand once at the end.
#include "config/load.hpp"

#include <algorithm>

#include "config/expand.hpp"

namespace rankwire::config {
namespace {

constexpr std::uint64_t file_size_max = 4u << 20;
constexpr std::size_t key_parts_max = 100;

Place named_place(std::string name) { return {std::make_shared<const std::string>(std::move(name)), 0, 0}; }

// "a::b" taken apart; the whole key if a part would be empty (an address such as "::1").
std::vector<std::string> key_parts(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = key.find("::", start);
    parts.push_back(key.substr(start, end == std::string::npos ? end : end - start));
    if (parts.back().empty() || parts.size() > key_parts_max) return {key};
    if (end == std::string::npos) return parts;
    start = end + 2;
  }
}

Node nested(const std::vector<std::string>& parts, Node value, const Place& key_place) {
  for (std::size_t i = parts.size(); i-- > 1;) {
    value = Node::map({{parts[i], value.with_key_place(key_place)}}, key_place);
  }
  return value.with_key_place(key_place);
}

// Upstream treats "::" as the separator of nested keys wherever a map is written, not in lists.
Node split_keys(const Node& node) {
  if (!node.is_map()) return node;
  Node result = Node::map({}, node.place());
  std::vector<Node::Entry> entries;
  for (const auto& [key, value] : node.entries()) {
    const std::vector<std::string> parts = key_parts(key);
    Node inner = nested(parts, split_keys(value), value.key_place());
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.first == parts[0]; });
    if (same == entries.end()) {
      entries.emplace_back(parts[0], std::move(inner));
    } else {
      same->second = merge(same->second, inner).with_key_place(same->second.key_place());
    }
  }
  return Node::map(std::move(entries), node.place());
}

class Loading {
 public:
  Loading(FileSystem& files, EnvironmentLookup environment, Diagnostics& diagnostics, FetchText fetch)
      : files_(files),
        diagnostics_(diagnostics),
        remote_{fetch},
        expander_(files, environment, remote_, diagnostics, loaded_.files) {}

  void add_location(const std::string& text) {
    const Location location = split_location(text);
    const Place place = named_place(std::string(location.scheme.empty() ? "--config" : location.scheme));
    if (location.scheme.empty() || location.scheme == "file") return add_file(std::string(location.rest));
    if (location.scheme == "yaml") { return add(parse_yaml(std::string(location.rest), "yaml:", diagnostics_)); }
    if (location.scheme == "env") return add_environment(location);
    diagnostics_.error(place, "", "the scheme of --config " + std::string(location.scheme) + ":… is not supported",
                       suggest(location.scheme, {"file", "env", "yaml"}));
  }

  void add_override(const std::string& text) {
    const std::size_t equals = text.find('=');
    const Place place = named_place("--set");
    if (equals == std::string::npos) {
      return diagnostics_.error(place, "", "an override without =", "write --set a.b.c=value");
    }
    std::string key;
    for (std::size_t i = 0; i < equals; ++i) {
      if (text[i] == '.') key += "::";
      if (text[i] != '.' && text[i] != ' ') key += text[i];
    }
    std::string value = text.substr(equals + 1);
    const Place at = named_place("--set " + key);
    const std::vector<std::string> parts = key_parts(key);
    if (parts[0].empty() || (parts.size() == 1 && key.find("::") != std::string::npos)) {
      return diagnostics_.error(place, "", "an override with an empty part in its key", "write --set a.b.c=value");
    }
    Diagnostics problems;
    Node parsed = parse_yaml(value, *at.source, problems);
    if (problems.has_errors()) { return diagnostics_.error(at, key, "the value is not valid YAML", "quote it"); }
    add(Node::map({{parts[0], nested(parts, split_keys(parsed).with_place(at), at)}}, at));
  }

  Loaded finish() {
    loaded_.root = expander_.expand(root_, "");
    std::sort(loaded_.files.begin(), loaded_.files.end());
    loaded_.files.erase(std::unique(loaded_.files.begin(), loaded_.files.end()), loaded_.files.end());
    return std::move(loaded_);
  }

 private:
  void add_file(const std::string& name) {
    auto text = read_file(files_, name, file_size_max);
    if (!text) { return diagnostics_.error(named_place(name), "", "cannot be read: " + text.error().message()); }
    loaded_.files.push_back(name);
    add(parse_yaml(*text, name, diagnostics_));
  }

  void add_environment(const Location& location) {
    const Place place = named_place("env:" + std::string(location.rest));
    auto value = expander_.resolve("env:" + std::string(location.rest), place, "", true);
    if (value) add(*value);
  }

  void add(const Node& node) {
    if (node.is_null()) return;
    // A whole document may be one reference.
    const Node document = node.is_scalar() && !find_reference(node.text()).empty() ? expander_.expand(node, "") : node;
    if (!document.is_map()) {
      return diagnostics_.error(document.place(), "", "a configuration must be a map at the top");
    }
    const Node split = split_keys(document);
    root_ = root_.is_null() ? split : merge(root_, split);
  }

  FileSystem& files_;
  Diagnostics& diagnostics_;
  Loaded loaded_;
  Remote remote_;
  Expander expander_;
  Node root_;
};

}  // namespace

Loaded load(const Sources& sources, FileSystem& files, EnvironmentLookup environment, Diagnostics& diagnostics,
            FetchText fetch) {
  Loading loading(files, environment, diagnostics, fetch);
  for (const std::string& location : sources.locations) loading.add_location(location);
  for (const std::string& override : sources.overrides) loading.add_override(override);
  return loading.finish();
}

Node merge(const Node& base, const Node& over) {
  if (!base.is_map() || !over.is_map()) return over;
  std::vector<Node::Entry> entries = base.entries();
  for (const auto& [key, value] : over.entries()) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.first == key; });
    if (same == entries.end()) {
      entries.emplace_back(key, value);
    } else {
      same->second = merge(same->second, value).with_key_place(value.key_place());
    }
  }
  return Node::map(std::move(entries), over.place());
}

}  // namespace rankwire::config
