#include "kubernetes/object_splitter.hpp"

namespace rankwire::kubernetes {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

Result<void> ObjectSplitter::append(char c) {
  if (is_wanted() && is_in_object()) {
    if (object_.size() >= object_bytes_max_) {
      is_too_long_ = true;
      object_.clear();
    }
    if (!is_too_long_) object_ += c;
    return {};
  }
  if (shape_ == Shape::list) {
    if (envelope_.size() >= form_.envelope_bytes_max)
      return Error(ErrorKind::invalid, "a list says too much about itself");
    // Commas between items are no part of it.
    if (!is_in_items_ || c == '[' || c == ']') envelope_ += c;
  }
  return {};
}

Result<void> ObjectSplitter::open(char c) {
  if (++depth_ > depth_max) return Error(ErrorKind::invalid, "JSON is nested too deeply");
  if (depth_ == 1 && c != '{') return Error(ErrorKind::invalid, "the answer is not a JSON object");
  has_begun_ = true;
  if (depth_ == 2 && c == '[' && shape_ == Shape::list && text_ == form_.items_key) is_in_items_ = true;
  return append(c);
}

Result<void> ObjectSplitter::close(char c) {
  if (depth_ == 0) return Error(ErrorKind::invalid, "JSON has a closing bracket too many");
  const bool ends_object = is_wanted() && depth_ == object_depth();
  RANKWIRE_TRY(append(c));
  --depth_;
  if (is_in_items_ && depth_ == 1) {
    is_in_items_ = false;
    text_.clear();
  }
  if (!ends_object) return {};
  too_long_ += is_too_long_ ? 1 : 0;
  Result<void> taken = is_too_long_ ? Result<void>() : take_(object_);
  is_too_long_ = false;
  object_.clear();
  return taken;
}

Result<void> ObjectSplitter::take_byte(char c) {
  if (is_in_text_) {
    if (depth_ == 1 && shape_ == Shape::list && c != '"' && text_.size() <= form_.items_key.size()) text_ += c;
    is_in_text_ = is_escaped_ || c != '"';
    is_escaped_ = !is_escaped_ && c == '\\';
    return append(c);
  }
  switch (c) {
    case '{':
    case '[': return open(c);
    case '}':
    case ']': return close(c);
    case '"':
      if (depth_ == 0) return Error(ErrorKind::invalid, "the answer is not a JSON object");
      is_in_text_ = true;
      if (depth_ == 1) text_.clear();
      return append(c);
    default:
      if (depth_ == 0 && !is_space(c)) return Error(ErrorKind::invalid, "the answer is not a JSON object");
      return append(c);
  }
}

Result<void> ObjectSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    // Most of what comes is the inside of texts.
    if (is_in_text_ && !is_escaped_ && is_wanted() && is_in_object() && !is_too_long_) {
      const std::size_t plain = std::min(bytes.find_first_of("\"\\"), bytes.size());
      const std::size_t room = object_bytes_max_ - object_.size();
      const std::size_t taken = std::min(plain, room);
      object_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (bytes.empty()) break;
    }
    RANKWIRE_TRY(take_byte(bytes.front()));
    bytes.remove_prefix(1);
  }
  return {};
}

}  // namespace rankwire::kubernetes
