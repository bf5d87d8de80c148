// ParseXML, ParseSimplifiedXML, GetXML, InsertXML, RemoveXML, ConvertAttributesToElementsXML, ConvertTextToElementsXML
#include <algorithm>

#include "ottl/functions/families.hpp"
#include "ottl/functions/xml_document.hpp"

namespace rankwire::ottl {
namespace {

using Path = std::shared_ptr<const XmlPath>;

// Of the second argument.
Result<Path> path_of(const Known& known, std::string_view otherwise = "") {
  auto compiled = XmlPath::compile(std::string(known.text(1).value_or(otherwise)));
  if (!compiled && known.has(1)) known.blame(1);
  if (!compiled) return Error(std::move(compiled).error());
  return std::make_shared<const XmlPath>(std::move(*compiled));
}

bool parse_xml(Invocation& call, Datum& out) {
  XmlDocument document;
  Value value;
  if (const char* why = document.read(call.text(0))) return call.fail(why);
  if (const char* why = document.to_value(call.arena(), value)) return call.fail(why);
  out = value;
  return true;
}

bool parse_simplified_xml(Invocation& call, Datum& out) {
  XmlDocument document;
  Value value;
  if (const char* why = document.read(call.text(0))) return call.fail(why);
  if (const char* why = document.to_simple_value(call.arena(), value)) return call.fail(why);
  out = value;
  return true;
}

// Reads the first argument, lets `edit` change it (null, or what is wrong), and writes it again.
template <class Edit>
bool edited(Invocation& call, Datum& out, Edit edit) {
  XmlDocument document;
  if (const char* why = document.read(call.text(0))) return call.fail(why);
  if (const char* why = edit(document)) return call.fail(why);
  std::string text;
  document.print(text);
  out = Value::of(call.arena().copy(text));
  return true;
}

Result<Run> prepare_get_xml(const Known& known) {
  auto path = path_of(known);
  if (!path) return Error(std::move(path).error());
  return Run([path = std::move(*path)](Invocation& call, Datum& out) {
    XmlDocument document;
    if (const char* why = document.read(call.text(0))) return call.fail(why);
    std::string text;
    document.print_selected(*path, text);
    out = Value::of(call.arena().copy(text));
    return true;
  });
}

Result<Run> prepare_insert_xml(const Known& known) {
  auto path = path_of(known);
  if (!path) return Error(std::move(path).error());
  return Run([path = std::move(*path)](Invocation& call, Datum& out) {
    XmlDocument inserted;
    if (const char* why = inserted.read(call.text(2))) return call.fail(std::string("what is inserted: ") + why);
    return edited(call, out, [&](XmlDocument& document) { return document.insert(*path, inserted); });
  });
}

Result<Run> prepare_remove_xml(const Known& known) {
  auto path = path_of(known);
  if (!path) return Error(std::move(path).error());
  return Run([path = std::move(*path)](Invocation& call, Datum& out) {
    return edited(call, out, [&](XmlDocument& document) -> const char* {
      document.remove(*path);
      return nullptr;
    });
  });
}

Result<Run> prepare_convert_attributes(const Known& known) {
  auto path = path_of(known, "//@*");
  if (!path) return Error(std::move(path).error());
  return Run([path = std::move(*path)](Invocation& call, Datum& out) {
    return edited(call, out, [&](XmlDocument& document) -> const char* {
      document.attributes_to_elements(*path);
      return nullptr;
    });
  });
}

bool is_element_name(std::string_view name) {
  const auto is_letter = [](char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80) != 0; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  });
}

Result<Run> prepare_convert_text(const Known& known) {
  auto path = path_of(known, "/");
  if (!path) return Error(std::move(path).error());
  const std::string name(known.text(2).value_or("value"));
  if (!is_element_name(name)) return Error(ErrorKind::invalid, "\"" + name + "\" is no name of an element");
  return Run([path = std::move(*path), name](Invocation& call, Datum& out) {
    return edited(call, out, [&](XmlDocument& document) -> const char* {
      document.texts_to_elements(*path, name);
      return nullptr;
    });
  });
}

}  // namespace

void add_xml_functions(FunctionTable& table) {
  const Parameter target{"target", Want::text};
  const Parameter xpath = literal({"x_path", Want::text});
  table.add({.name = "ParseXML", .parameters = {target}, .result = Type::map, .run = parse_xml});
  table.add({.name = "ParseSimplifiedXML", .parameters = {target}, .result = Type::map, .run = parse_simplified_xml});
  const auto add = [&](std::string_view name, std::vector<Parameter> parameters, auto prepare) {
    table.add({.name = name, .parameters = std::move(parameters), .result = Type::text, .prepare = prepare});
  };
  add("GetXML", {target, xpath}, prepare_get_xml);
  add("InsertXML", {target, xpath, {"sub_document", Want::text}}, prepare_insert_xml);
  add("RemoveXML", {target, xpath}, prepare_remove_xml);
  add("ConvertAttributesToElementsXML", {target, optional(xpath)}, prepare_convert_attributes);
  add("ConvertTextToElementsXML", {target, optional(xpath), optional(literal({"element_name", Want::text}))},
      prepare_convert_text);
}

}  // namespace rankwire::ottl
