// Trees as YAML and JSON. Texts that another reader could take for a number, a bool or null are
// quoted; bytes that are not UTF-8 become U+FFFD.
#include "config/load.hpp"
#include "config/units.hpp"
#include "config/utf8.hpp"

namespace rankwire::config {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      ((out += "\\u00") += digits[(c >> 4) & 0xF]) += digits[c & 0xF];
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!is_letter(text[0]) && text[0] != '/' && text[0] != '_' && text[0] != '.' &&
      !(text[0] >= '0' && text[0] <= '9')) {
    return false;
  }
  for (const char c : text) {
    if (!is_letter(c) && !(c >= '0' && c <= '9') && std::string_view("_-./+").find(c) == std::string_view::npos) {
      return false;
    }
  }
  static constexpr std::string_view words[] = {"yes", "no", "on", "off", "y", "n"};
  std::string lower;
  for (const char c : text) lower += is_letter(c) ? static_cast<char>(c | 0x20) : c;
  for (const std::string_view word : words) {
    if (lower == word) return false;
  }
  return scalar_type(Node::scalar(std::string(text), {})) == ScalarType::text;
}

void append_yaml_text(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.append(text);
  } else {
    append_quoted(out, text);
  }
}

void append_yaml_scalar(std::string& out, const Node& node) {
  if (scalar_type(node) == ScalarType::text) return append_yaml_text(out, node.text());
  if (scalar_type(node) == ScalarType::null) {
    out += "null";
    return;
  }
  out += node.text();
}

void append_yaml(std::string& out, const Node& node, std::size_t indent);

// What follows "key:" or "-".
void append_yaml_value(std::string& out, const Node& node, std::size_t indent, bool is_item) {
  if (node.is_map() && !node.entries().empty()) {
    out += is_item ? " " : "\n";
    std::string inner;
    append_yaml(inner, node, indent);
    out += is_item ? inner.substr(indent) : inner;
  } else if (node.is_sequence() && !node.items().empty()) {
    out += '\n';
    append_yaml(out, node, indent);
  } else {
    out += node.is_map() ? " {}" : node.is_sequence() ? " []" : " ";
    if (node.is_null()) out += "null";
    if (node.is_scalar()) append_yaml_scalar(out, node);
    out += '\n';
  }
}

// With its colon. YAML takes only so much in front of one, unless a question mark begins it.
void append_yaml_key(std::string& out, std::string_view key, std::size_t indent) {
  constexpr std::size_t plain_key_max = 1000;
  std::string text;
  append_yaml_text(text, key);
  const bool is_long = text.size() > plain_key_max;
  if (is_long) out += "? ";
  out += text;
  if (is_long) (out += '\n').append(indent, ' ');
  out += ':';
}

void append_yaml(std::string& out, const Node& node, std::size_t indent) {
  if (node.is_map() && !node.entries().empty()) {
    for (const auto& [key, value] : node.entries()) {
      out.append(indent, ' ');
      append_yaml_key(out, key, indent);
      append_yaml_value(out, value, indent + 2, false);
    }
  } else if (node.is_sequence() && !node.items().empty()) {
    for (const Node& item : node.items()) {
      out.append(indent, ' ') += '-';
      append_yaml_value(out, item, indent + 2, true);
    }
  } else {
    std::string value;
    append_yaml_value(value, node, indent, true);
    out += value.substr(1);
  }
}

void append_json_scalar(std::string& out, const Node& node) {
  switch (scalar_type(node)) {
    case ScalarType::null: out += "null"; return;
    case ScalarType::boolean: out += *parse_boolean(node.text()) ? "true" : "false"; return;
    case ScalarType::integer: out += parse_integer(node.text())->text(); return;
    case ScalarType::real: {
      const std::string text = format_real(*parse_real(node.text()));
      if (text.find_first_of("nN") == std::string::npos) {
        out += text;
        return;
      }
      break;  // JSON has no infinity.
    }
    case ScalarType::text: break;
  }
  append_quoted(out, node.text());
}

void append_json(std::string& out, const Node& node, std::size_t indent) {
  const std::size_t inner = indent + 2;
  bool is_first = true;
  const auto separate = [&] {
    out += is_first ? "\n" : ",\n";
    is_first = false;
    out.append(inner, ' ');
  };
  if (node.is_map()) {
    out += '{';
    for (const auto& [key, value] : node.entries()) {
      separate();
      append_quoted(out, key);
      out += ": ";
      append_json(out, value, inner);
    }
  } else if (node.is_sequence()) {
    out += '[';
    for (const Node& item : node.items()) {
      separate();
      append_json(out, item, inner);
    }
  } else {
    return append_json_scalar(out, node);
  }
  if (!is_first) (out += '\n').append(indent, ' ');
  out += node.is_map() ? '}' : ']';
}

}  // namespace

std::string to_yaml(const Node& node) {
  std::string out;
  append_yaml(out, node, 0);
  return out;
}

std::string to_json(const Node& node) {
  std::string out;
  append_json(out, node, 0);
  out += '\n';
  return out;
}

}  // namespace rankwire::config
