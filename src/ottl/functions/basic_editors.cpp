// set and delete_key
#include "ottl/functions/families.hpp"

namespace rankwire::ottl {
namespace {

bool set_value(Invocation& call, Datum&) {
  // Setting to nil does nothing: what is missing elsewhere must not delete what is here.
  return call[1].is_nil() || call.set(0, call[1]);
}

bool delete_key(Invocation& call, Datum&) {
  return call.edit_map(0, [&](Attributes& entries) {
    remove(entries, call.arena(), call.text(1));
    return true;
  });
}

}  // namespace

void add_basic_editors(FunctionTable& table) {
  table.add({.name = "set", .parameters = {{"target", Want::target}, {"value"}}, .run = set_value, .sets_value = true});
  table.add(
      {.name = "delete_key", .parameters = {{"target", Want::map_target}, {"key", Want::text}}, .run = delete_key});
}

}  // namespace rankwire::ottl
