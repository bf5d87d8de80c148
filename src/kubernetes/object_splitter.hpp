// Cuts JSON that arrives in pieces into the objects of interest, so that a list of any length is never in memory as a
// whole. Looks at quotes and brackets only: what is inside of an object is for a parser to judge.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rankwire::kubernetes {

enum class Shape : std::uint8_t {
  documents,  // One object after the other, as a watch sends them.
  list,       // One object whose `items` are of interest; what is around them is the envelope.
};

// Of a list.
struct ListForm {
  std::string_view items_key = "items";  // Lives as long as the program.
  std::size_t envelope_bytes_max = 64 * 1024;
};

class ObjectSplitter {
 public:
  using Take = std::function<Result<void>(std::string_view object)>;

  // Objects longer than this are passed over and counted.
  ObjectSplitter(Shape shape, std::size_t object_bytes_max, Take take, ListForm form = {})
      : shape_(shape), form_(form), object_bytes_max_(object_bytes_max), take_(std::move(take)) {}

  // Errors: what is not JSON of this shape, and what `take` says.
  Result<void> feed(std::string_view bytes);

  // Of a list: its object without the items, once it is complete.
  const std::string& envelope() const { return envelope_; }
  // Nothing has been begun that has not ended.
  bool is_complete() const { return depth_ == 0 && has_begun_; }
  std::uint64_t too_long() const { return too_long_; }

 private:
  Result<void> take_byte(char c);
  Result<void> open(char c);
  Result<void> close(char c);
  Result<void> append(char c);
  bool is_in_object() const { return depth_ >= object_depth(); }
  std::size_t object_depth() const { return shape_ == Shape::list && is_in_items_ ? 3 : 1; }
  bool is_wanted() const { return shape_ == Shape::documents || is_in_items_; }

  static constexpr std::size_t depth_max = 256;

  const Shape shape_;
  const ListForm form_;
  const std::size_t object_bytes_max_;
  const Take take_;
  std::string object_;
  std::string envelope_;
  std::string text_;  // The last string of the envelope's first level: perhaps the key of the items.
  std::size_t depth_ = 0;
  std::uint64_t too_long_ = 0;
  bool has_begun_ = false;
  bool is_in_text_ = false;
  bool is_escaped_ = false;
  bool is_in_items_ = false;
  bool is_too_long_ = false;
};

}  // namespace rankwire::kubernetes
