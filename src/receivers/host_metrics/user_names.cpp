#include "receivers/host_metrics/user_names.hpp"

namespace rankwire::host_metrics {

void UserNames::read(HostFiles& host) {
  constexpr std::size_t size_max = 1 << 20;
  names_.clear();
  std::string_view text = host.read("/etc/passwd", size_max).value_or(std::string_view());
  for (std::string_view line; next_line(text, line);) {
    const std::size_t name_end = line.find(':');
    const std::size_t password_end = name_end == std::string_view::npos ? name_end : line.find(':', name_end + 1);
    if (password_end == std::string_view::npos) continue;
    const std::size_t id_end = std::min(line.find(':', password_end + 1), line.size());
    if (const auto id = number_of(line.substr(password_end + 1, id_end - password_end - 1)))
      names_.emplace(*id, line.substr(0, name_end));
  }
}

std::string_view UserNames::of(std::uint64_t user) const {
  const auto found = names_.find(user);
  return found == names_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace rankwire::host_metrics
