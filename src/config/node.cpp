// The tree of values. Children are shared between copies and never change.
#include "config/node.hpp"

#include "config/load.hpp"
#include "config/scalar_places.hpp"
#include "config/units.hpp"

namespace rankwire::config {
namespace {

const std::string no_text;
const std::vector<Node> no_items;
const std::vector<Node::Entry> no_entries;

}  // namespace

std::string Place::text() const {
  std::string result = source ? *source : std::string();
  if (line != 0) (result += ':') += std::to_string(line);
  if (line != 0 && column != 0) (result += ':') += std::to_string(column);
  return result;
}

Node Node::null(Place place) {
  Node node;
  node.place_ = std::move(place);
  return node;
}

Node Node::scalar(std::string text, Place place, bool is_quoted) {
  Node node = null(std::move(place));
  node.kind_ = NodeKind::scalar;
  node.is_quoted_ = is_quoted;
  node.text_ = std::make_shared<const std::string>(std::move(text));
  return node;
}

Node Node::sequence(std::vector<Node> items, Place place) {
  Node node = null(std::move(place));
  node.kind_ = NodeKind::sequence;
  node.items_ = std::make_shared<const std::vector<Node>>(std::move(items));
  return node;
}

Node Node::map(std::vector<Entry> entries, Place place) {
  Node node = null(std::move(place));
  node.kind_ = NodeKind::map;
  node.entries_ = std::make_shared<const std::vector<Entry>>(std::move(entries));
  return node;
}

Node Node::with_key_place(Place place) const {
  Node node = *this;
  node.key_place_ = std::move(place);
  return node;
}

Node Node::with_place(Place place) const {
  Node node = *this;
  node.place_ = std::move(place);
  return node;
}

Node Node::with_document(std::shared_ptr<const std::string> document) const {
  Node node = *this;
  node.document_ = std::move(document);
  return node;
}

Node Node::expanded_from(const Node& written) const {
  Node node = *this;
  node.document_ = written.document_;
  node.unexpanded_ = written.unexpanded_ ? written.unexpanded_ : written.text_;
  return node;
}

std::optional<Place> Node::place_in_text(std::size_t offset) const {
  if (!document_ || !text_ || original_text_) return std::nullopt;
  const std::string& written = unexpanded_ ? *unexpanded_ : *text_;
  const auto at = unexpanded_ ? unexpanded_offset(written, *text_, offset) : std::optional(offset);
  if (!at) return std::nullopt;
  const auto where = written_at(*document_, place_.line, place_.column, written, *at);
  if (!where) return std::nullopt;
  return Place{place_.source, where->line, where->column};
}

Node Node::with_reference_mark() const {
  Node node = *this;
  node.is_referenced_ = true;
  return node;
}

const std::string& Node::text() const { return text_ ? *text_ : no_text; }
const std::vector<Node>& Node::items() const { return items_ ? *items_ : no_items; }
const std::vector<Node::Entry>& Node::entries() const { return entries_ ? *entries_ : no_entries; }

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : entries()) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool Node::operator==(const Node& other) const {
  return kind_ == other.kind_ && is_quoted_ == other.is_quoted_ && text() == other.text() &&
         original_text() == other.original_text() && items() == other.items() && entries() == other.entries();
}

const std::string& Node::original_text() const { return original_text_ ? *original_text_ : text(); }

Node Node::with_original_text(std::string text) const {
  Node node = *this;
  node.original_text_ = std::make_shared<const std::string>(std::move(text));
  return node;
}

ScalarType scalar_type(const Node& node) {
  if (node.is_null()) return ScalarType::null;
  if (!node.is_scalar() || node.is_quoted()) return ScalarType::text;
  const std::string& text = node.text();
  if (is_null_text(text)) return ScalarType::null;
  if (parse_boolean(text)) return ScalarType::boolean;
  if (parse_integer(text)) return ScalarType::integer;
  if (parse_real(text)) return ScalarType::real;
  return ScalarType::text;
}

}  // namespace rankwire::config
