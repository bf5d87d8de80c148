// A regular expression given to a function: compiled once if it is a literal, else when a record brings a new one.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

// `Compiled` has `static Result<Compiled> compile(const std::string&)` and is thread-safe afterwards.
template <class Compiled>
class RegexArgument {
 public:
  static Result<RegexArgument> make(const Known& known, std::size_t index) {
    RegexArgument argument;
    argument.index_ = index;
    if (const auto text = known.text(index)) {
      auto compiled = Compiled::compile(std::string(*text));
      if (!compiled) {
        known.blame(index);
        return Error(std::move(compiled).error());
      }
      argument.literal_ = std::make_shared<const Compiled>(std::move(*compiled));
    }
    return argument;
  }

  // Null for what is not a literal.
  const Compiled* literal() const { return literal_.get(); }
  // Null: the frame says what is wrong with it. Valid until the next call in this thread.
  const Compiled* get(Invocation& call) const { return literal_ != nullptr ? literal_.get() : look_up(call); }

 private:
  struct Recent {
    std::string text;
    std::shared_ptr<const Compiled> compiled;
  };

  const Compiled* look_up(Invocation& call) const {
    // Records bring few different ones, if any.
    static thread_local std::array<Recent, 8> recent;
    static thread_local std::size_t next = 0;
    const std::string_view text = call.text(index_);
    for (const Recent& one : recent)
      if (one.compiled != nullptr && one.text == text) return one.compiled.get();
    auto compiled = Compiled::compile(std::string(text));
    if (!compiled) {
      call.fail(compiled.error().message());
      return nullptr;
    }
    Recent& oldest = recent[next++ % recent.size()];
    oldest = {std::string(text), std::make_shared<const Compiled>(std::move(*compiled))};
    return oldest.compiled.get();
  }

  std::size_t index_ = 0;
  std::shared_ptr<const Compiled> literal_;
};

}  // namespace rankwire::ottl
