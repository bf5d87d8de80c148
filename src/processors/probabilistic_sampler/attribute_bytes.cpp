#include "processors/probabilistic_sampler/attribute_bytes.hpp"

#include <charconv>
#include <cmath>

namespace rankwire::probabilistic_sampler {
namespace {

template <class... Form>
void append_number(std::string& out, auto number, Form... form) {
  char digits[400];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, form...);
  out.append(digits, static_cast<std::size_t>(end.ptr - digits));
}

// Shortest digits; an exponent, of at least two digits only when negative, below 1e-6 and from 1e21 on.
void append_real(std::string& out, double real) {
  if (!std::isfinite(real)) {
    out += std::isnan(real) ? "NaN" : real < 0 ? "-Inf" : "+Inf";
    return;
  }
  const double size = std::abs(real);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return append_number(out, real, std::chars_format::fixed);
  append_number(out, real, std::chars_format::scientific);
  const std::size_t exponent = out.size() - 3;
  if (out.compare(exponent, 2, "-0") == 0) out.erase(exponent + 1, 1);
}

void append(std::string& out, const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return;
    case ValueType::text:
    case ValueType::bytes: out += value.text(); return;
    case ValueType::boolean: out += value.boolean() ? "true" : "false"; return;
    case ValueType::integer: return append_number(out, value.integer());
    case ValueType::real: return append_real(out, value.real());
    case ValueType::array:
      for (const Value& item : value.items()) append(out += ',', item);
      return;
    case ValueType::map:
      for (const KeyValue& entry : value.entries()) append((out += ',').append(entry.key) += ':', entry.value);
      return;
  }
}

}  // namespace

std::string_view attribute_bytes(const Value& value, std::string& scratch) {
  if (value.type() == ValueType::text || value.type() == ValueType::bytes) return value.text();
  scratch.clear();
  append(scratch, value);
  return scratch;
}

}  // namespace rankwire::probabilistic_sampler
