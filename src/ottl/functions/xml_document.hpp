// XML for the functions of the language. The only place that knows the library: nothing of it shows or throws here.
// Entities of a document type are never expanded.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "signal/value.hpp"

namespace rankwire::ottl {

// An XPath that selects nodes. Thread-safe once compiled.
class XmlPath {
 public:
  static Result<XmlPath> compile(const std::string& text);
  XmlPath(XmlPath&&) noexcept;
  ~XmlPath();

 private:
  friend class XmlDocument;
  struct Query;
  explicit XmlPath(std::unique_ptr<Query> query);

  std::unique_ptr<Query> query_;
};

class XmlDocument {
 public:
  static constexpr int depth_max = 100;
  static constexpr std::size_t size_max = 4 * 1024 * 1024;

  XmlDocument();
  ~XmlDocument();
  // Null, or why `text` cannot be read. Several elements may stand beside each other.
  const char* read(std::string_view text);
  void print(std::string& out) const;

  // What is selected, one behind the other: elements as XML, of the others their text.
  void print_selected(const XmlPath& path, std::string& out) const;
  void remove(const XmlPath& path);
  // Puts the elements of `other` at the end of each element that is selected. Null, or what is wrong.
  const char* insert(const XmlPath& path, const XmlDocument& other);
  void attributes_to_elements(const XmlPath& path);
  void texts_to_elements(const XmlPath& path, const std::string& name);

  // {tag, attributes, content, children} of the only element. Null, or what is wrong.
  const char* to_value(Arena& arena, Value& value) const;
  // Elements by their names, without attributes.
  const char* to_simple_value(Arena& arena, Value& value) const;

 private:
  struct Tree;

  std::unique_ptr<Tree> tree_;
};

}  // namespace rankwire::ottl
