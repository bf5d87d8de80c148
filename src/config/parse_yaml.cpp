// The only place that knows yaml-cpp. It keeps duplicate keys, loads alias bombs and cycles as
// shared nodes, treats "<<" as an ordinary key and marks a null at its key: all of that is dealt
// with here, by a walk that counts every visit.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "config/load.hpp"
#include "config/utf8.hpp"

namespace rankwire::config {
namespace {

constexpr std::size_t text_size_max = 4u << 20;
constexpr std::size_t node_count_max = 200'000;
constexpr std::size_t depth_max = 100;

class Walker {
 public:
  Walker(const std::string& source, const std::string& text, Diagnostics& diagnostics)
      : source_(std::make_shared<const std::string>(source)),
        document_(text.size() <= text_size_max ? std::make_shared<const std::string>(text) : nullptr),
        diagnostics_(diagnostics) {}

  Place place(const YAML::Mark& mark) const {
    if (mark.line < 0) return {source_, 0, 0};
    return {source_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

  Node convert(const YAML::Node& yaml) {
    const Place here = place(yaml.Mark());
    if (has_given_up_) return Node::null(here);
    if (++count_ > node_count_max) return give_up(here, "has too many values; aliases may multiply them");
    switch (yaml.Type()) {
      case YAML::NodeType::Scalar: return convert_scalar(yaml, here);
      case YAML::NodeType::Sequence:
      case YAML::NodeType::Map: return convert_collection(yaml, here);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined: break;
    }
    return Node::null(here);
  }

 private:
  Node give_up(const Place& here, const char* message) {
    has_given_up_ = true;
    diagnostics_.error(here, "", message);
    return Node::null(here);
  }

  Node convert_scalar(const YAML::Node& yaml, const Place& here) {
    constexpr std::string_view standard = "tag:yaml.org,2002:";
    const std::string& tag = yaml.Tag();
    bool is_quoted = tag == "!";
    if (tag.starts_with(standard)) {
      const std::string kind = tag.substr(standard.size());
      is_quoted = kind == "str";
      if (kind == "binary") diagnostics_.error(here, "", "!!binary values are not supported");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      diagnostics_.error(here, "", "the tag " + tag + " is not supported");
    }
    return Node::scalar(yaml.Scalar(), here, is_quoted).with_document(document_);
  }

  Node convert_collection(const YAML::Node& yaml, const Place& here) {
    for (const YAML::Node& outer : open_) {
      if (outer.is(yaml)) return give_up(here, "an alias contains itself");
    }
    if (open_.size() >= depth_max) return give_up(here, "is nested deeper than 100 levels");
    open_.push_back(yaml);
    Node result;
    if (yaml.IsSequence()) {
      std::vector<Node> items;
      for (const auto& item : yaml) items.push_back(convert(item));
      result = Node::sequence(std::move(items), here);
    } else {
      result = convert_map(yaml, here);
    }
    open_.pop_back();
    return result;
  }

  Node convert_map(const YAML::Node& yaml, const Place& here) {
    std::vector<Node::Entry> entries;
    std::vector<Node> merged;
    std::set<std::string> seen;
    for (const auto& pair : yaml) {
      const Place key_place = place(pair.first.Mark());
      if (!pair.first.IsScalar()) {
        diagnostics_.error(key_place.line ? key_place : here, "", "a key must be a plain text");
        continue;
      }
      const std::string& key = pair.first.Scalar();
      if (key == "<<" && pair.first.Tag() != "!") {
        add_merged(convert(pair.second), key_place, merged);
        continue;
      }
      if (!seen.insert(key).second) {
        diagnostics_.error(key_place, key, "this key appears twice in the same map", "remove one of them");
        continue;
      }
      entries.emplace_back(key, convert(pair.second).with_key_place(key_place));
    }
    for (const Node& map : merged) {
      for (const Node::Entry& entry : map.entries()) {
        if (++count_ > node_count_max) return give_up(here, "has too many values; merge keys multiply them");
        if (seen.insert(entry.first).second) entries.push_back(entry);
      }
    }
    return Node::map(std::move(entries), here);
  }

  void add_merged(Node value, const Place& here, std::vector<Node>& merged) {
    if (value.is_map()) return merged.push_back(std::move(value));
    bool is_right = value.is_sequence();
    for (const Node& item : value.items()) is_right = is_right && item.is_map();
    if (!is_right) {
      if (!has_given_up_) diagnostics_.error(here, "<<", "merges a map or a list of maps");
      return;
    }
    for (const Node& item : value.items()) merged.push_back(item);
  }

  std::shared_ptr<const std::string> source_;
  std::shared_ptr<const std::string> document_;
  Diagnostics& diagnostics_;
  std::vector<YAML::Node> open_;
  std::size_t count_ = 0;
  bool has_given_up_ = false;
};

// The line of the marker of a second document, or 0. A "---" at the start of a line cannot be
// anything else.
std::uint32_t second_document(const std::string& text) {
  bool has_content = false;
  std::uint32_t line = 1;
  for (std::size_t start = 0; start < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view row(text.data() + start, end - start);
    const bool is_marker = row.starts_with("---") && (row.size() == 3 || row[3] == ' ' || row[3] == '\r');
    if (is_marker && has_content) return line;
    const std::size_t first = row.find_first_not_of(" \t\r");
    if (is_marker || (first != std::string_view::npos && row[first] != '#' && row[0] != '%')) has_content = true;
    start = end + 1;
  }
  return 0;
}

}  // namespace

Node parse_yaml(const std::string& text, const std::string& source, Diagnostics& diagnostics) {
  Walker walker(source, text, diagnostics);
  const Place start = walker.place(YAML::Mark::null_mark());
  if (text.size() > text_size_max) {
    diagnostics.error(start, "", "is larger than 4 MiB");
    return Node::null(start);
  }
  if (const std::size_t at = find_invalid_utf8(text); at != std::string::npos) {
    Place place = start;
    place.line =
        1 + static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    diagnostics.error(place, "", "is not UTF-8 text from here on", "save it as UTF-8");
    return Node::null(start);
  }
  try {
    const YAML::Node document = YAML::Load(text);
    if (const std::uint32_t line = second_document(text)) {
      Place place = start;
      place.line = line;
      diagnostics.warning(place, "", "a second YAML document starts here and is ignored");
    }
    return walker.convert(document);
  } catch (const YAML::Exception& problem) {
    diagnostics.error(walker.place(problem.mark), "", "is not valid YAML: " + problem.msg);
  } catch (const std::exception&) { diagnostics.error(start, "", "is not valid YAML"); }
  return Node::null(start);
}

}  // namespace rankwire::config
