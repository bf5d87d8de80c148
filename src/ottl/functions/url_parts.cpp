#include "ottl/functions/url_parts.hpp"

#include <charconv>

namespace rankwire::ottl {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

// False: a percent sign is not followed by two digits.
bool unescape(std::string_view& text, Arena& arena) {
  if (text.find('%') == std::string_view::npos) return true;
  char* const out = arena.allocate_array<char>(text.size());
  char* to = out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      *to++ = text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) return false;
    *to++ = static_cast<char>(high << 4 | low);
    i += 2;
  }
  text = {out, static_cast<std::size_t>(to - out)};
  return true;
}

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Takes "https:" off. False: it begins with a colon.
bool take_scheme(std::string_view& rest, std::string_view& scheme) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == ':') {
      scheme = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return i != 0;
    }
    const bool may_follow = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!is_letter(c) && (i == 0 || !may_follow)) return true;
  }
  return true;
}

class Reader {
 public:
  Reader(std::string_view url, Arena& arena, Attributes& to) : url_(url), arena_(arena), to_(to) {}

  const char* read() {
    for (const char c : url_)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "a URL has no control characters";
    std::string_view rest = url_, fragment, query, scheme;
    const bool has_fragment = cut(rest, '#', fragment);
    if (!take_scheme(rest, scheme)) return "the scheme is missing";
    const bool has_query = cut(rest, '?', query);
    std::string_view authority;
    if (rest.starts_with("//")) {
      rest.remove_prefix(2);
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      authority = rest.substr(0, slash);
      rest.remove_prefix(slash);
    } else if (!scheme.empty() && !rest.starts_with('/')) {
      rest = {};  // What follows "mailto:" is no path.
    } else if (scheme.empty() && rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return "the first part of a path has no colon";
    }
    if (!unescape(rest, arena_) || !unescape(fragment, arena_)) return "a percent sign needs two digits";
    put("url.original", Value::of(url_));
    put("url.scheme", Value::of(lowered(scheme)));
    if (const char* why = put_authority(authority)) return why;
    put("url.path", Value::of(rest));
    if (const std::size_t dot = rest.rfind('.'); dot != std::string_view::npos && dot + 1 < rest.size())
      put("url.extension", Value::of(rest.substr(dot + 1)));
    if (has_query && !query.empty()) put("url.query", Value::of(query));
    if (has_fragment && !fragment.empty()) put("url.fragment", Value::of(fragment));
    return nullptr;
  }

 private:
  void put(std::string_view key, const Value& value) { to_.push(arena_, {key, value}); }

  static bool cut(std::string_view& rest, char at, std::string_view& behind) {
    const std::size_t found = rest.find(at);
    if (found == std::string_view::npos) return false;
    behind = rest.substr(found + 1);
    rest = rest.substr(0, found);
    return true;
  }

  std::string_view lowered(std::string_view text) {
    char* const out = arena_.allocate_array<char>(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
      out[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    return {out, text.size()};
  }

  const char* put_authority(std::string_view authority) {
    std::string_view host = authority;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      host = authority.substr(at + 1);
      if (const char* why = put_user(authority.substr(0, at))) return why;
    }
    std::string_view port;
    const std::size_t closing = host.rfind(']');
    if (host.starts_with('[') && closing == std::string_view::npos) return "a \"[\" without \"]\"";
    const std::size_t colon = host.find(':', closing == std::string_view::npos ? 0 : closing);
    if (colon != std::string_view::npos) {
      port = host.substr(colon + 1);
      host = host.substr(0, colon);
    }
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    if (host.find_first_of(" \"<>") != std::string_view::npos) return "the host has characters that no host has";
    if (!unescape(host, arena_)) return "a percent sign needs two digits";
    put("url.domain", Value::of(host));
    if (port.empty()) return nullptr;
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (code != std::errc() || end != port.data() + port.size() || number < 0) return "the port is not a number";
    put("url.port", Value::of(number));
    return nullptr;
  }

  const char* put_user(std::string_view info) {
    std::string_view name = info, password;
    const bool has_password = cut(name, ':', password);
    if (!unescape(name, arena_) || !unescape(password, arena_)) return "a percent sign needs two digits";
    put("url.user_info", Value::of(info));
    put("url.username", Value::of(name));
    if (has_password) put("url.password", Value::of(password));
    return nullptr;
  }

  const std::string_view url_;
  Arena& arena_;
  Attributes& to_;
};

}  // namespace

const char* read_url(std::string_view url, Arena& arena, Attributes& to) { return Reader(url, arena, to).read(); }

}  // namespace rankwire::ottl
