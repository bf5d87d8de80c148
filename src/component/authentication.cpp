#include "component/authentication.hpp"

#include <algorithm>

namespace rankwire {

bool is_same_header(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

void set_header(net::Headers& headers, std::string_view name, std::string value) {
  std::erase_if(headers, [&](const auto& header) { return is_same_header(header.first, name); });
  headers.emplace_back(name, std::move(value));
}

}  // namespace rankwire
