// How functions of the language are declared. A function is one entry of a table: name, parameters with what
// they want, and what runs. Arguments are checked when a statement is compiled as far as their types are known
// then, else at each call, before `run` is called.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "ottl/program/node.hpp"

namespace rankwire::ottl {

// What a parameter wants. "…_like" converts, and lets nil through; the strict ones fail with nil.
enum class Want : std::uint8_t {
  any,
  text,
  text_like,  // Numbers, booleans, bytes (as hex), ids, lists and maps (as JSON) become text.
  integer,
  integer_like,  // Reals are cut, texts parsed, booleans 0 and 1; a text that cannot be: nil.
  real,
  real_like,  // A text that cannot be one is an error.
  boolean,
  boolean_like,
  bytes_like,  // Texts and ids as their bytes; numbers big endian.
  list,
  map,
  time,
  duration,
  trace_id,
  texts,  // A list of texts.
  texts_like,
  anys,    // A list literal of anything; also a value that is a list.
  target,  // A path that can be set, of any type.
  map_target,
  function,  // The name of a converter, such as SHA256: Invocation::apply.
};

struct Parameter {
  std::string_view name;  // Of named arguments: "is_pattern"
  Want want = Want::any;
  bool is_optional = false;
  bool is_literal = false;  // Must be known when the statement is compiled.
  bool is_stored = false;   // Lands in telemetry: a time, duration, id or record always fails.
};
constexpr Parameter optional(Parameter parameter) {
  parameter.is_optional = true;
  return parameter;
}
constexpr Parameter literal(Parameter parameter) {
  parameter.is_literal = true;
  return parameter;
}

class Invocation;
// False: the frame says why. Editors leave `out` alone.
using Run = std::function<bool(Invocation& call, Datum& out)>;
// Fails whenever it is called.
Run failing(std::string why);

// The arguments that are known when a statement is compiled.
class Known {
 public:
  Known(std::span<const Datum* const> constants, std::uint32_t given) : constants_(constants), given_(given) {}
  // Whether an optional one was given.
  bool has(std::size_t index) const { return (given_ >> index & 1) != 0; }
  // Null: given, but not known yet, or not given.
  const Datum* operator[](std::size_t index) const { return constants_[index]; }
  // The argument's text if it is known and a text.
  std::optional<std::string_view> text(std::size_t index) const {
    const Datum* datum = constants_[index];
    return datum != nullptr && datum->is(Type::text) ? std::optional(datum->text()) : std::nullopt;
  }
  // For what the original starts with and fails at for each record: so do we, after a warning.
  void will_fail(std::string why) const { why_it_fails_ = std::move(why); }
  Run always_fails(std::string why) const {
    will_fail(why);
    return failing(std::move(why));
  }
  const std::string& why_it_fails() const { return why_it_fails_; }
  // Which argument an error is about; without it, the call.
  void blame(std::size_t index) const { blamed_ = index; }
  std::optional<std::size_t> blamed() const { return blamed_; }

 private:
  mutable std::optional<std::size_t> blamed_;
  mutable std::string why_it_fails_;
  std::span<const Datum* const> constants_;
  std::uint32_t given_;
};

struct Function {
  std::string_view name;  // Editors begin in lower case, converters in upper case.
  std::vector<Parameter> parameters;
  Type result = Type::any;  // Of editors: nil.
  Run run;
  // Instead of `run`, where something can be prepared: returns what runs; an error becomes a problem at the call.
  std::function<Result<Run>(const Known&)> prepare;
  // Whether the same arguments always give the same result: then a call of literals runs once.
  bool is_pure = true;
  // Whether a call of literals that fails is refused, as in the original, instead of failing for each record.
  bool is_checked = false;
  // Where it may be used; empty: everywhere.
  std::vector<Context> contexts;
  // Whether it sets its first argument, a target, to its second.
  bool sets_value = false;
  // Whether it gives the first item of a list that is not nil: then a list that is written out need not be made, and
  // what only the language knows is given as it is.
  bool gives_first = false;

  bool is_editor() const { return name[0] >= 'a' && name[0] <= 'z'; }
};

// Names to functions. Tables are made once and outlive programs.
class FunctionTable {
 public:
  FunctionTable() = default;
  void add(Function function);
  void add(const FunctionTable& others);
  const Function* find(std::string_view name) const;
  const std::vector<Function>& all() const { return functions_; }

 private:
  std::vector<Function> functions_;  // Sorted by name.
};

// What every component has: all editors and converters of the language.
const FunctionTable& standard_functions();

// One evaluation of a function. Arguments are numbered as its parameters.
class Invocation {
 public:
  Invocation(Frame& frame, std::span<const Datum> arguments, std::span<const Target* const> targets,
             std::span<const Function* const> functions, std::uint32_t given)
      : frame_(frame), arguments_(arguments), targets_(targets), functions_(functions), given_(given) {}

  Frame& frame() { return frame_; }
  Arena& arena() { return frame_.arena; }
  bool fail(std::string why) { return frame_.fail(std::move(why)); }

  // Whether an optional one was given.
  bool has(std::size_t index) const { return (given_ >> index & 1) != 0; }
  const Datum& operator[](std::size_t index) const { return arguments_[index]; }
  std::string_view text(std::size_t index) const { return arguments_[index].text(); }
  std::string_view text_or(std::size_t index, std::string_view otherwise) const {
    return has(index) ? text(index) : otherwise;
  }
  std::int64_t integer_or(std::size_t index, std::int64_t otherwise) const {
    return has(index) ? arguments_[index].integer() : otherwise;
  }
  bool boolean_or(std::size_t index, bool otherwise) const {
    return has(index) ? arguments_[index].boolean() : otherwise;
  }
  // Of a target: what it is now, and setting it.
  bool get(std::size_t index, Datum& out) const { return targets_[index]->evaluate(frame_, out); }
  bool set(std::size_t index, const Datum& value) const { return targets_[index]->set(frame_, value); }
  // Changes a map in place, or a copy that is set again. Nothing happens where there is none; something else than
  // a map is an error. `edit` takes Attributes& and returns bool.
  template <class Edit>
  bool edit_map(std::size_t index, Edit edit) {
    if (Attributes* attributes = targets_[index]->attributes(frame_); attributes != nullptr) return edit(*attributes);
    Datum target;
    if (!get(index, target)) return false;
    if (target.is_nil()) return true;
    if (!target.is(Type::map)) return fail("the target must be a map");
    Attributes entries = target.map();
    return edit(entries) && set(index, Value::of(entries));
  }
  // Calls the converter that was given by name with one argument.
  bool apply(std::size_t index, const Datum& argument, Datum& out) const;

 private:
  Frame& frame_;
  std::span<const Datum> arguments_;
  std::span<const Target* const> targets_;
  std::span<const Function* const> functions_;
  std::uint32_t given_;
};

}  // namespace rankwire::ottl
