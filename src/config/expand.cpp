// Expansion repeats until nothing changes, because a value may contain references itself. Three
// budgets bound it: passes over one value, references in all, and characters produced.
#include "config/expand.hpp"

#include <algorithm>

namespace rankwire::config {
namespace {

constexpr std::size_t pass_count_max = 1000;
constexpr std::size_t reference_count_max = 20'000;
constexpr std::size_t character_count_max = 16u << 20;
constexpr std::size_t text_size_max = 1u << 20;
constexpr std::size_t depth_max = 100;
constexpr std::uint64_t file_size_max = 4u << 20;
constexpr std::size_t url_count_max = 32;

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !is_letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_whole(std::string_view text, std::string_view reference) { return text.size() == reference.size(); }
std::string_view inside(std::string_view reference) { return reference.substr(2, reference.size() - 3); }

std::string unescaped(const std::string& text) {
  if (text.find("$$") == std::string::npos) return text;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') ++i;
  }
  return plain;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  std::string result;
  std::size_t start = 0;
  for (std::size_t at; (at = text.find(what, start)) != std::string::npos; start = at + what.size()) {
    result.append(text, start, at - start) += with;
    if (result.size() > text_size_max) break;
  }
  result.append(text, start, std::string::npos);
  text = std::move(result);
}

std::string child_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "::" + key;
}

}  // namespace

std::string_view find_reference(std::string_view text) {
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t close = text.find('}', start);
    if (close == std::string_view::npos) return {};
    const std::size_t open = text.substr(start, close - start).rfind("${");
    if (open != std::string_view::npos) {
      std::size_t dollars = 0;
      for (std::size_t at = start + open; at > start && text[at - 1] == '$'; --at) ++dollars;
      if (dollars % 2 == 0) return text.substr(start + open, close + 1 - start - open);
    }
    start = close + 1;
  }
  return {};
}

Location split_location(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2) return {{}, text};
  for (std::size_t i = 0; i < colon; ++i) {
    const char c = text[i];
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!is_letter && (i == 0 || !is_other)) return {{}, text};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Node typed_value(const std::string& text, const Place& place) {
  Diagnostics discarded;
  Node parsed = parse_yaml(text, place.source ? *place.source : std::string(), discarded);
  if (discarded.has_errors()) parsed = Node::scalar(text, place, true);
  if (scalar_type(parsed) == ScalarType::null) parsed = Node::null(place);
  // Quoting inside a variable is part of its value.
  if (parsed.is_scalar() && scalar_type(parsed) == ScalarType::text) parsed = Node::scalar(text, place, true);
  return parsed.with_place(place).with_original_text(text);
}

// The value of a whole document from elsewhere; `name` is what its places say.
Node document_value(std::string text, const std::string& name, const Place& place) {
  Diagnostics discarded;
  Node value = parse_yaml(text, name, discarded);
  if (!discarded.has_errors() && (value.is_map() || value.is_sequence())) return value.with_original_text(text);
  // The newline that editors put at the end of a file is not part of a token kept in it.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return typed_value(text, place);
}

Expander::Expander(FileSystem& files, EnvironmentLookup environment, Remote& remote, Diagnostics& diagnostics,
                   std::vector<std::string>& read)
    : files_(files), environment_(environment), remote_(remote), diagnostics_(diagnostics), read_(read) {}

bool Expander::spend(const Place& place, const std::string& path) {
  ++references_;
  if (references_ <= reference_count_max && characters_ <= character_count_max) return true;
  if (references_ == reference_count_max + 1 || references_ <= reference_count_max) {
    diagnostics_.error(place, path, "too many references in one configuration; does one contain itself?");
    references_ = reference_count_max + 1;
  }
  return false;
}

Node Expander::expand(const Node& node, const std::string& path) {
  if (node.is_scalar()) return expand_scalar(node, path);
  if (node.is_null()) return node;
  return expand_children(node, path);
}

Node Expander::expand_children(const Node& node, const std::string& path) {
  Node result;
  if (node.is_map()) {
    std::vector<Node::Entry> entries;
    for (const auto& [key, value] : node.entries()) {
      entries.emplace_back(key, expand(value, child_path(path, key)).with_key_place(value.key_place()));
    }
    result = Node::map(std::move(entries), node.place());
  } else {
    std::vector<Node> items;
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      items.push_back(expand(node.items()[i], path + "[" + std::to_string(i) + "]"));
    }
    result = Node::sequence(std::move(items), node.place());
  }
  if (node.has_original_text()) result = result.with_original_text(expand_original(node.original_text(), node, path));
  return result;
}

Node Expander::expand_scalar(const Node& node, const std::string& path) {
  std::string text = node.text();
  bool is_quoted = node.is_quoted();
  bool has_reference = false;
  for (std::size_t pass = 0;; ++pass) {
    const std::string reference(find_reference(text));
    if (reference.empty()) break;
    if (pass == pass_count_max || text.size() > text_size_max) {
      diagnostics_.error(node.place(), path, "the reference does not come to an end; does it contain itself?");
      return Node::null(node.place());
    }
    const bool is_literal = !is_hidden_ && node.text().find(reference) != std::string::npos;
    const std::optional<Node> value = resolve(inside(reference), node.place(), path, is_literal);
    if (!value) return Node::null(node.place());
    const bool is_text = value->is_scalar() && scalar_type(*value) == ScalarType::text;
    if (is_whole(text, reference) && !is_text) return finish_whole(*value, node, path);
    is_quoted = has_reference = true;
    const std::string& replacement = value->original_text();
    if (is_whole(text, reference)) {
      text = replacement;
    } else {
      replace_all(text, reference, replacement);
    }
  }
  Node result = Node::scalar(unescaped(text), node.place(), is_quoted).expanded_from(node);
  if (node.has_original_text()) result = result.with_original_text(unescaped(node.original_text()));
  return is_hidden_ || has_reference ? result.with_reference_mark() : result;
}

Node Expander::finish_whole(const Node& value, const Node& reference, const std::string& path) {
  if (value.is_null() || value.is_scalar()) {
    Node result = value.with_place(reference.place()).with_reference_mark();
    if (!value.has_original_text()) return result;
    return result.with_original_text(expand_original(value.original_text(), reference, path));
  }
  if (depth_ == depth_max) {
    diagnostics_.error(reference.place(), path, "references are nested too deeply; does one contain itself?");
    return Node::null(reference.place());
  }
  // Maps from files have places of their own; text of variables may be secret.
  const bool was_hidden = is_hidden_;
  is_hidden_ = is_hidden_ || value.place().line == 0 || value.place().source == reference.place().source;
  ++depth_;
  Node result = expand_children(value, path);
  --depth_;
  is_hidden_ = was_hidden;
  return result;
}

// The text of a reference's value for string fields: references in it are spliced quietly, because
// the same ones are reported when the value itself is expanded.
std::string Expander::expand_original(const std::string& text, const Node& at, const std::string& path) {
  std::string result = text;
  Diagnostics discarded;
  Expander quiet(files_, environment_, remote_, discarded, read_);
  quiet.references_ = references_;
  quiet.characters_ = characters_;
  for (std::size_t pass = 0; pass < pass_count_max && result.size() <= text_size_max; ++pass) {
    const std::string reference(find_reference(result));
    if (reference.empty()) break;
    const std::optional<Node> value = quiet.resolve(inside(reference), at.place(), path, false);
    if (!value) break;
    const std::size_t before = result.size();
    replace_all(result, reference, value->original_text());
    // What contains itself grows at each level.
    quiet.characters_ += result.size() - std::min(before, result.size());
  }
  references_ = quiet.references_;
  characters_ = quiet.characters_;
  return unescaped(result);
}

std::optional<Node> Expander::resolve(std::string_view reference, const Place& place, const std::string& path,
                                      bool is_literal) {
  if (!spend(place, path)) return {};
  const std::string shown = is_literal ? "${" + std::string(reference) + "}" : "a reference inside another";
  Location location = split_location(reference);
  const bool has_default_only = location.rest.starts_with('-');
  if (location.scheme.empty() || (has_default_only && location.scheme != "env" && location.scheme != "yaml")) {
    location = {"env", reference};
  }
  if (location.scheme != "yaml" && location.rest.find('$') != std::string_view::npos) {
    diagnostics_.error(place, path, shown + " contains a $", "write $$ for a literal $");
    return {};
  }
  std::optional<Node> value;
  if (location.scheme == "env") {
    value = resolve_environment(location.rest, place, path, is_literal);
  } else if (location.scheme == "file") {
    value = resolve_file(std::string(location.rest), place, path, is_literal);
  } else if (location.scheme == "yaml") {
    value = typed_value(std::string(location.rest), place);
  } else if (remote_.fetch != nullptr && (location.scheme == "http" || location.scheme == "https")) {
    value = resolve_remote(std::string(reference), place, path, is_literal);
  } else {
    diagnostics_.error(
        place, path, shown + " has a scheme that is not supported",
        suggest(is_literal ? location.scheme : std::string_view(), {"env", "file", "yaml", "http", "https"}));
  }
  if (value) characters_ += value->original_text().size();
  return value;
}

std::optional<Node> Expander::resolve_environment(std::string_view name, const Place& place, const std::string& path,
                                                  bool is_literal) {
  std::optional<std::string> fallback;
  if (const std::size_t mark = name.find(":-"); mark != std::string_view::npos) {
    fallback = std::string(name.substr(mark + 2));
    name = name.substr(0, mark);
  }
  if (!is_name(name)) {
    // What follows a colon may be meant as a default, and that may be a secret.
    const std::size_t colon = name.find(':');
    const std::string visible = std::string(name.substr(0, colon)) + (colon == std::string_view::npos ? "" : ":…");
    diagnostics_.error(place, path,
                       (is_literal ? "\"" + visible + "\"" : "the name in a reference inside another") +
                           " is not the name of an environment variable",
                       is_literal ? "write $${" + visible + "} if the text itself is meant" : "");
    return {};
  }
  std::optional<std::string> text = environment_ ? environment_(std::string(name)) : std::nullopt;
  if (!text && !fallback) {
    diagnostics_.warning(place, path,
                         is_literal ? "the environment variable " + std::string(name) + " is not set"
                                    : "an environment variable named inside another reference is not set");
  }
  if (!text) text = fallback.value_or(std::string());
  return typed_value(*text, place);
}

std::optional<Node> Expander::resolve_file(const std::string& name, const Place& place, const std::string& path,
                                           bool is_literal) {
  auto text = read_file(files_, name, file_size_max);
  if (!text) {
    diagnostics_.error(place, path,
                       is_literal ? "cannot read " + name + ": " + text.error().message()
                                  : "cannot read a file named inside another reference");
    return {};
  }
  if (std::find(read_.begin(), read_.end(), name) == read_.end()) read_.push_back(name);
  return document_value(std::move(*text), name, place);
}

std::optional<Node> Expander::resolve_remote(const std::string& url, const Place& place, const std::string& path,
                                             bool is_literal) {
  auto known = remote_.texts.find(url);
  if (known == remote_.texts.end()) {
    const bool is_allowed = remote_.texts.size() < url_count_max;
    known = remote_.texts
                .emplace(url, is_allowed ? remote_.fetch(url)
                                         : Error(ErrorKind::invalid, "more than 32 URLs in one configuration"))
                .first;
  }
  if (!known->second) {
    diagnostics_.error(place, path,
                       is_literal ? url + " cannot be fetched: " + known->second.error().message()
                                  : "a URL named inside another reference cannot be fetched");
    return {};
  }
  return document_value(*known->second, url, place);
}

}  // namespace rankwire::config
