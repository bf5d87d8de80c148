// A configuration value with the place it came from. The tree is immutable once loaded and cheap
// to copy (children are shared). It is ours, not the YAML library's, because merge, expansion and
// error messages need places and quoting that survive all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rankwire::config {

// Where a value was written. Lines and columns count from 1; 0: not from a file.
struct Place {
  std::shared_ptr<const std::string> source;  // File name, "--set", "env:NAME", …
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  std::string text() const;  // "agent.yaml:12:5"
};

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };

class Node {
 public:
  using Entry = std::pair<std::string, Node>;

  Node() = default;
  static Node null(Place place);
  // `is_quoted`: written with quotes, so never a number, bool or null by itself.
  static Node scalar(std::string text, Place place, bool is_quoted = false);
  static Node sequence(std::vector<Node> items, Place place);
  static Node map(std::vector<Entry> entries, Place place);

  NodeKind kind() const { return kind_; }
  bool is_null() const { return kind_ == NodeKind::null; }
  bool is_map() const { return kind_ == NodeKind::map; }
  bool is_scalar() const { return kind_ == NodeKind::scalar; }
  bool is_sequence() const { return kind_ == NodeKind::sequence; }
  const Place& place() const { return place_; }
  // Where the key was written, for entries of a map; otherwise `place()`.
  const Place& key_place() const { return key_place_.source ? key_place_ : place_; }
  // Where a byte of original_text() was written. Nothing: it came out of a reference, or cannot be told.
  std::optional<Place> place_in_text(std::size_t offset) const;
  // Of scalars: the text of the file they stand in, for place_in_text.
  Node with_document(std::shared_ptr<const std::string> document) const;
  // Its text is what `written` became when references and "$$" were replaced.
  Node expanded_from(const Node& written) const;
  Node with_key_place(Place place) const;
  Node with_place(Place place) const;

  const std::string& text() const;  // Of a scalar; else empty.
  bool is_quoted() const { return is_quoted_; }
  const std::vector<Node>& items() const;
  const std::vector<Entry>& entries() const;
  const Node* find(std::string_view key) const;
  bool operator==(const Node& other) const;  // Contents only, not places.

  // The text that a string-typed field receives when it differs from text(): a whole-value
  // reference `${env:X}` with X=0123 is 83 for untyped fields and "0123" for strings.
  const std::string& original_text() const;
  // True for a value that came from a reference; then a string field takes it whatever its kind.
  bool has_original_text() const { return original_text_ != nullptr; }
  Node with_original_text(std::string text) const;
  // Its text came, at least in part, out of a variable or a file: errors say so instead of showing it.
  bool is_referenced() const { return is_referenced_; }
  Node with_reference_mark() const;

 private:
  NodeKind kind_ = NodeKind::null;
  bool is_quoted_ = false;
  bool is_referenced_ = false;
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const std::string> original_text_;
  std::shared_ptr<const std::string> document_;
  std::shared_ptr<const std::string> unexpanded_;  // Null: as text_.
  std::shared_ptr<const std::vector<Node>> items_;
  std::shared_ptr<const std::vector<Entry>> entries_;
  Place place_;
  Place key_place_;
};

}  // namespace rankwire::config
