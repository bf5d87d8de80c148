#include "ottl/functions/xml_document.hpp"

#include <algorithm>
#include <pugixml.hpp>

namespace rankwire::ottl {
namespace {

bool is_text(const pugi::xml_node& node) { return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata; }

bool is_element(const pugi::xml_node& node) { return node.type() == pugi::node_element; }

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// As Go writes text.
void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

void append_attributes(const pugi::xml_node& node, std::string& out) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    out.append(" ").append(attribute.name()).append("=\"");
    append_escaped(attribute.value(), out);
    out += '"';
  }
}

// Recursion ends: documents are at most `depth_max` high.
void append_node(const pugi::xml_node& node, std::string& out) {
  switch (node.type()) {
    case pugi::node_document:
      for (const pugi::xml_node& child : node.children())
        if (!is_text(child) || is_blank(child.value())) append_node(child, out);
      break;
    case pugi::node_element:
      out.append("<").append(node.name());
      append_attributes(node, out);
      out += '>';
      for (const pugi::xml_node& child : node.children()) append_node(child, out);
      out.append("</").append(node.name()).append(">");
      break;
    case pugi::node_pcdata: append_escaped(node.value(), out); break;
    case pugi::node_cdata: out.append("<![CDATA[").append(node.value()).append("]]>"); break;
    case pugi::node_comment: out.append("<!--").append(node.value()).append("-->"); break;
    case pugi::node_pi: out.append("<?").append(node.name()).append(" ").append(node.value()).append("?>"); break;
    case pugi::node_declaration:
      out.append("<?").append(node.name());
      append_attributes(node, out);
      out += "?>";
      break;
    case pugi::node_doctype: out.append("<!DOCTYPE ").append(node.value()).append(">"); break;
    case pugi::node_null: break;
  }
}

struct Depth final : pugi::xml_tree_walker {
  bool for_each(pugi::xml_node&) override { return depth() < XmlDocument::depth_max; }
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t start = text.find_first_not_of(spaces);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(spaces) - start + 1);
}

// Without its namespace.
std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Value element_value(const pugi::xml_node& node, Arena& arena) {
  Attributes entries, attributes;
  List<Value> children;
  std::string content;
  for (const pugi::xml_attribute& attribute : node.attributes())
    set(attributes, arena, arena.copy(local_name(attribute.name())), Value::of(arena.copy(attribute.value())));
  for (const pugi::xml_node& child : node.children()) {
    if (is_text(child)) content.append(trimmed(child.value()));
    if (is_element(child)) children.push(arena, element_value(child, arena));
  }
  entries.push(arena, {"tag", Value::of(arena.copy(local_name(node.name())))});
  if (!attributes.empty()) entries.push(arena, {"attributes", Value::of(attributes)});
  if (!content.empty()) entries.push(arena, {"content", Value::of(arena.copy(content))});
  if (!children.empty()) entries.push(arena, {"children", Value::of(children)});
  return Value::of(entries);
}

// Empty: there is nothing in it, and it is left out.
Value simple_value(const pugi::xml_node& node, Arena& arena) {
  Attributes entries;
  bool has_elements = false;
  for (const pugi::xml_node& child : node.children()) {
    if (!is_element(child)) continue;
    has_elements = true;
    const std::string_view name = child.name();
    if (find(entries, name) != nullptr) continue;
    List<Value> values;
    std::uint32_t count = 0;
    for (pugi::xml_node same = child; same; same = same.next_sibling(child.name())) {
      ++count;
      if (const Value value = simple_value(same, arena); value.type() != ValueType::empty) values.push(arena, value);
    }
    if (values.empty()) continue;
    entries.push(arena, {arena.copy(name), count == 1 ? values[0] : Value::of(values)});
  }
  if (has_elements) return entries.empty() ? Value() : Value::of(entries);
  for (const pugi::xml_node& child : node.children())
    if (is_text(child)) return Value::of(arena.copy(child.value()));
  return {};
}

void wrap_texts(const pugi::xml_node& node, const std::string& name) {
  const auto children = node.children();
  const bool has_elements = std::any_of(children.begin(), children.end(), is_element);
  pugi::xml_node next;
  for (pugi::xml_node child = node.first_child(); child; child = next) {
    next = child.next_sibling();
    if (is_element(child)) wrap_texts(child, name);
    if (child.type() != pugi::node_pcdata || !has_elements || node.type() != pugi::node_element) continue;
    pugi::xml_node parent = node;
    pugi::xml_node element = parent.insert_child_before(name.c_str(), child);
    element.append_move(child);
  }
}

}  // namespace

struct XmlPath::Query {
  explicit Query(const char* text) : query(text) {}

  pugi::xpath_query query;
};

struct XmlDocument::Tree {
  // In document order.
  pugi::xpath_node_set select(const XmlPath& path) const {
    auto found = path.query_->query.evaluate_node_set(document);
    found.sort();
    return found;
  }

  pugi::xml_document document;
};

XmlPath::XmlPath(std::unique_ptr<Query> query) : query_(std::move(query)) {}
XmlPath::XmlPath(XmlPath&&) noexcept = default;
XmlPath::~XmlPath() = default;

Result<XmlPath> XmlPath::compile(const std::string& text) {
  try {
    auto query = std::make_unique<Query>(text.c_str());
    if (query->query.return_type() == pugi::xpath_type_node_set) return XmlPath(std::move(query));
    return Error(ErrorKind::invalid, "the XPath selects no nodes");
  } catch (const pugi::xpath_exception& problem) {
    return Error(ErrorKind::invalid, "not an XPath: " + std::string(problem.what()));
  }
}

XmlDocument::XmlDocument() : tree_(std::make_unique<Tree>()) {}
XmlDocument::~XmlDocument() = default;

const char* XmlDocument::read(std::string_view text) {
  constexpr unsigned options = pugi::parse_default | pugi::parse_pi | pugi::parse_comments | pugi::parse_declaration |
                               pugi::parse_doctype | pugi::parse_ws_pcdata | pugi::parse_fragment;
  if (text.size() > size_max) return "the XML is too long";
  const auto result = tree_->document.load_buffer(text.data(), text.size(), options, pugi::encoding_utf8);
  // Nothing is a document too.
  if (!result && result.status != pugi::status_no_document_element) return "not XML";
  Depth depth;
  return tree_->document.traverse(depth) ? nullptr : "the XML is nested too deeply";
}

void XmlDocument::print(std::string& out) const { append_node(tree_->document, out); }

void XmlDocument::print_selected(const XmlPath& path, std::string& out) const {
  for (const pugi::xpath_node& found : tree_->select(path)) {
    if (found.attribute())
      append_escaped(found.attribute().value(), out);
    else if (is_element(found.node()))
      append_node(found.node(), out);
    else if (is_text(found.node()))
      append_escaped(found.node().value(), out);
  }
}

void XmlDocument::remove(const XmlPath& path) {
  const auto found = tree_->select(path);
  // From the last to the first: what is inside of something else goes before it.
  for (std::size_t i = found.size(); i > 0; --i) {
    pugi::xml_node parent = found[i - 1].parent();
    if (found[i - 1].attribute())
      parent.remove_attribute(found[i - 1].attribute());
    else
      parent.remove_child(found[i - 1].node());
  }
}

const char* XmlDocument::insert(const XmlPath& path, const XmlDocument& other) {
  const auto found = tree_->select(path);
  for (const pugi::xpath_node& one : found)
    if (!is_element(one.node()) && one.node().type() != pugi::node_document)
      return "the XPath selects something else than elements";
  std::size_t size = 0;
  for (const pugi::xpath_node& one : found) {
    pugi::xml_node to = one.node();
    for (const pugi::xml_node& child : other.tree_->document.children()) {
      if (is_text(child)) continue;
      to.append_copy(child);
    }
    // What is put into many places must not grow without bound.
    if (++size > 10'000) return "the XPath selects too much";
  }
  return nullptr;
}

void XmlDocument::attributes_to_elements(const XmlPath& path) {
  for (const pugi::xpath_node& found : tree_->select(path)) {
    if (!found.attribute()) continue;
    pugi::xml_node parent = found.parent();
    parent.append_child(found.attribute().name()).text().set(found.attribute().value());
    parent.remove_attribute(found.attribute());
  }
}

void XmlDocument::texts_to_elements(const XmlPath& path, const std::string& name) {
  const auto found = tree_->select(path);
  for (const pugi::xpath_node& one : found)
    if (one.node()) wrap_texts(one.node(), name);
}

const char* XmlDocument::to_value(Arena& arena, Value& value) const {
  pugi::xml_node root;
  for (const pugi::xml_node& child : tree_->document.children()) {
    if (is_element(child) && root) return "there is more than one element";
    if (is_text(child) && root && !is_blank(child.value())) return "there is text behind the element";
    if (is_element(child)) root = child;
  }
  if (!root) return "there is no element";
  value = element_value(root, arena);
  return nullptr;
}

const char* XmlDocument::to_simple_value(Arena& arena, Value& value) const {
  const auto children = tree_->document.children();
  if (std::none_of(children.begin(), children.end(), is_element)) return "there is no element";
  value = simple_value(tree_->document, arena);
  if (value.type() == ValueType::empty) value = Value::of(Attributes());
  return nullptr;
}

}  // namespace rankwire::ottl
