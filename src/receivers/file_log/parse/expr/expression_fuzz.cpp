// Expression sources; what compiles is evaluated.
#include <cstdint>

#include "receivers/file_log/parse/expr/expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire;
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  Arena arena;
  file_log::Entry entry;
  entry.record.body = Value::of("GET /health 200");
  set(entry.record.attributes, arena, "code", Value::of(std::int64_t{200}));
  for (const bool is_template : {false, true}) {
    file_log::expr::Evaluation e{entry, arena};
    if (is_template) {
      if (auto text = file_log::expr::Template::compile(source)) file_log::expr::to_text(text->evaluate(e), arena);
    } else if (auto expression = file_log::expr::Expression::compile(source)) {
      file_log::expr::to_text(expression->evaluate(e), arena);
    }
  }
  return 0;
}
