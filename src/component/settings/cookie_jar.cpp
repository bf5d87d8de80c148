#include "component/settings/cookie_jar.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace rankwire {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool is_same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// "name=value" as a pair; without "=" the value is empty.
std::pair<std::string_view, std::string_view> pair_of(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {trimmed(text), {}};
  return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

// Cuts the text up to the next ';' off.
std::string_view next_part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

// The folder of the path a cookie was set for, when it says nothing about a path.
std::string default_path(std::string_view target) {
  const std::string_view path = path_of(target);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : std::string(path.substr(0, slash));
}

bool is_below(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const std::string date(text);
  for (const char* layout : {"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S"}) {
    tm parts{};
    if (::strptime(date.c_str(), layout, &parts) != nullptr) return ::timegm(&parts);
  }
  return {};
}

}  // namespace

void CookieJar::put(Cookie cookie, std::int64_t now) {
  std::erase_if(cookies_, [&](const Cookie& each) {
    return each.expires_at <= now || (each.host == cookie.host && each.path == cookie.path && each.name == cookie.name);
  });
  if (cookie.expires_at <= now) return;
  if (cookies_.size() >= count_max) cookies_.erase(cookies_.begin());
  cookies_.push_back(std::move(cookie));
}

void CookieJar::store(std::string_view host, std::string_view target, const net::Headers& answer) {
  const auto now = static_cast<std::int64_t>(clock_.unix_nanos() / 1'000'000'000);
  for (const auto& [header, text] : answer) {
    if (header != "set-cookie" || text.size() > bytes_max) continue;
    std::string_view rest = text;
    const auto [name, value] = pair_of(next_part(rest));
    if (name.empty()) continue;
    Cookie cookie{std::string(host), default_path(target), std::string(name), std::string(value)};
    bool has_age = false;
    while (!rest.empty()) {
      const auto [key, setting] = pair_of(next_part(rest));
      if (is_same_word(key, "path") && setting.starts_with('/')) cookie.path = setting;
      if (is_same_word(key, "secure")) cookie.needs_tls = true;
      std::int64_t age = 0;
      if (is_same_word(key, "max-age") &&
          std::from_chars(setting.data(), setting.data() + setting.size(), age).ec == std::errc()) {
        has_age = true;
        cookie.expires_at = age <= 0 ? 0 : now + std::min<std::int64_t>(age, INT32_MAX);
      }
      if (!has_age && is_same_word(key, "expires")) cookie.expires_at = parse_date(setting).value_or(INT64_MAX);
    }
    const std::lock_guard lock(mutex_);
    put(std::move(cookie), now);
  }
}

std::string CookieJar::header_for(std::string_view host, std::string_view target, bool is_secure) {
  const auto now = static_cast<std::int64_t>(clock_.unix_nanos() / 1'000'000'000);
  const std::string_view path = path_of(target);
  std::string header;
  const std::lock_guard lock(mutex_);
  for (const Cookie& cookie : cookies_) {
    if (cookie.host != host || cookie.expires_at <= now || (cookie.needs_tls && !is_secure)) continue;
    if (!is_below(path, cookie.path)) continue;
    header.append(header.empty() ? "" : "; ").append(cookie.name).append("=").append(cookie.value);
  }
  return header;
}

}  // namespace rankwire
