#include "receivers/kmsg/position.hpp"

#include <charconv>

namespace rankwire::kmsg {
namespace {

constexpr std::string_view format = "rankwire kmsg 1 ";
constexpr std::size_t boot_size_max = 64;

}  // namespace

std::string encode_position(const StoredPosition& position) {
  return std::string(format) + position.boot + ' ' + std::to_string(position.next) + '\n';
}

std::optional<StoredPosition> decode_position(std::string_view text) {
  if (!text.starts_with(format) || !text.ends_with('\n')) return {};
  text = text.substr(format.size(), text.size() - format.size() - 1);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0 || space > boot_size_max) return {};
  StoredPosition position{std::string(text.substr(0, space)), 0};
  text.remove_prefix(space + 1);
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, position.next);
  if (problem != std::errc() || at != end) return {};
  return position;
}

}  // namespace rankwire::kmsg
