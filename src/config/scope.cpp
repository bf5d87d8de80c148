// Bookkeeping for one map being read.
#include "config/scope.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::config {
namespace {

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

Scope::Scope(Node node, std::string path, Diagnostics& out, Renames& renames)
    : node_(std::move(node)), path_(std::move(path)), out_(out), renames_(renames) {}

std::string Scope::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : path_ + "::" + std::string(key);
}

std::vector<std::string> Scope::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : node_.entries()) keys.push_back(key);
  return keys;
}

const Node* Scope::take(std::string_view key, bool is_suggested) {
  asked_.emplace_back(key);
  if (is_suggested) suggested_.emplace_back(key);
  const Node* found = node_.find(key);
  const auto others = renames_.find(key);
  if (others == renames_.end()) return found;
  for (const std::string& old_key : others->second) {
    const Node* old = node_.find(old_key);
    if (!old) continue;
    asked_.push_back(old_key);
    if (found) {
      out_.error(old->key_place(), path_of(old_key), "is the same as " + std::string(key) + ", which is also set");
    } else {
      out_.warning(old->key_place(), path_of(old_key), "is an old spelling", "write " + std::string(key));
      found = old;
    }
  }
  return found;
}

bool Scope::rename(std::string_view old_key, std::string_view key) {
  if (!contains(asked_, old_key)) asked_.emplace_back(old_key);
  auto& known = renames_[std::string(key)];
  if (contains(known, old_key)) return false;
  known.emplace_back(old_key);
  return node_.find(old_key) && contains(asked_, key);
}

void Scope::report_unknown() {
  if (!node_.is_map()) return;
  const std::vector<std::string_view> candidates(suggested_.begin(), suggested_.end());
  for (const auto& [key, value] : node_.entries()) {
    if (!contains(asked_, key)) out_.error(value.key_place(), path_of(key), "unknown key", suggest(key, candidates));
  }
}

void Scope::error(std::string_view key, std::string message, std::string suggestion) {
  // A value that could not be read keeps its default: what follows from that is not news. What else is wrong with one
  // that could be read is.
  if (!contains(validated_, key) && has_error_at(path_of(key))) return;
  if (!contains(validated_, key)) validated_.emplace_back(key);
  out_.error(place_of(key), path_of(key), std::move(message), std::move(suggestion));
}

void Scope::warning(std::string_view key, std::string message, std::string suggestion) {
  out_.warning(place_of(key), path_of(key), std::move(message), std::move(suggestion));
}

const Node* Scope::by_any_spelling(const Node& map, std::string_view key) const {
  const Node* found = map.find(key);
  const auto others = renames_.find(key);
  if (found || &map != &node_ || others == renames_.end()) return found;
  for (const std::string& old_key : others->second)
    if (const Node* old = map.find(old_key)) return old;
  return nullptr;
}

const Node* Scope::deep(std::string_view key) const {
  const Node* node = &node_;
  while (node && !key.empty()) {
    if (key.starts_with("::")) key.remove_prefix(2);
    if (key.starts_with('[')) {
      const std::size_t close = std::min(key.find(']'), key.size() - 1);
      std::size_t index = 0;
      std::from_chars(key.data() + 1, key.data() + close, index);
      node = index < node->items().size() ? &node->items()[index] : nullptr;
      key.remove_prefix(close + 1);
      continue;
    }
    const std::size_t end = std::min({key.find("::"), key.find('['), key.size()});
    node = by_any_spelling(*node, key.substr(0, end));
    key.remove_prefix(end);
  }
  return node;
}

Place Scope::place_in(std::string_view key, std::size_t offset, std::string_view place_in_text,
                      std::string& message) const {
  const Node* node = deep(key);
  const auto place = node ? node->place_in_text(offset) : std::nullopt;
  if (!place) (message += " (at ").append(place_in_text) += " of the text)";
  return place ? *place : node ? node->place() : place_of(key);
}

void Scope::error_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                     std::string suggestion) {
  const Place place = place_in(key, offset, place_in_text, message);
  out_.error(place, path_of(key), std::move(message), std::move(suggestion));
}

void Scope::warning_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                       std::string suggestion) {
  const Place place = place_in(key, offset, place_in_text, message);
  out_.warning(place, path_of(key), std::move(message), std::move(suggestion));
}

const Place& Scope::place_of(std::string_view key) const {
  while (!key.empty()) {
    if (const Node* value = deep(key)) return value->key_place();
    // What is not there is missing in what is around it.
    const std::size_t step = key.find_last_of(":[");
    key = key.substr(0, step == std::string_view::npos ? 0 : step);
    if (key.ends_with(':')) key.remove_suffix(1);
  }
  return node_.key_place();
}

bool Scope::has_error_at(const std::string& path) const {
  if (path == path_) return false;
  return std::any_of(out_.all().begin(), out_.all().end(),
                     [&](const Diagnostic& d) { return d.severity == Severity::error && d.path == path; });
}

}  // namespace rankwire::config
