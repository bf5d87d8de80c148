// One map being read: which of its keys were asked for, other spellings, and problems reported at
// their places. Private to the reader.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.hpp"

namespace rankwire::config {

// Old spelling by new one, of one map; survives a second pass.
using Renames = std::map<std::string, std::vector<std::string>, std::less<>>;

class Scope final : public Validator {
 public:
  Scope(Node node, std::string path, Diagnostics& out, Renames& renames);

  const Place& place() const { return node_.place(); }
  std::string path_of(std::string_view key) const;
  std::vector<std::string> keys() const;
  // The value of a key, by this or an older spelling; null if absent. `is_suggested`: offered when a
  // key is unknown.
  const Node* take(std::string_view key, bool is_suggested = true);
  // Makes `old_key` another spelling. True if `key` was asked for before that was known.
  bool rename(std::string_view old_key, std::string_view key);
  void report_unknown();

  void error(std::string_view key, std::string message, std::string suggestion) override;
  void warning(std::string_view key, std::string message, std::string suggestion) override;
  void error_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                std::string suggestion) override;
  void warning_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string message,
                  std::string suggestion) override;

 private:
  // Of a byte in the text of `key`. Where it is not known, `message` says what is.
  Place place_in(std::string_view key, std::size_t offset, std::string_view place_in_text, std::string& message) const;
  const Place& place_of(std::string_view key) const;
  // "groups[1]::statements[0]"; null if that is not there.
  const Node* deep(std::string_view key) const;
  const Node* by_any_spelling(const Node& map, std::string_view key) const;
  bool has_error_at(const std::string& path) const;

  const Node node_;
  const std::string path_;
  Diagnostics& out_;
  Renames& renames_;
  std::vector<std::string> asked_;
  std::vector<std::string> suggested_;
  std::vector<std::string> validated_;  // Keys that the section itself found wrong.
};

}  // namespace rankwire::config
