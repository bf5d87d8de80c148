// Cross-origin requests from browsers, with the rules of the library upstream uses: an origin may
// hold one '*', X-Requested-With is always allowed, a refused preflight is an answer without headers.
#include "net/server_cors.hpp"

namespace rankwire::net {

namespace {

bool matches(std::string_view pattern, std::string_view origin) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == origin;
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return origin.size() >= before.size() + after.size() && origin.starts_with(before) && origin.ends_with(after);
}

bool is_allowed(const CorsOptions& cors, std::string_view origin) {
  for (const std::string& pattern : cors.allowed_origins) {
    if (matches(pattern, origin)) return true;
  }
  return false;
}

void append_line(Buffer& to, std::string_view name, std::string_view value) {
  to.append(name);
  to.append(": ");
  to.append(value);
  to.append("\r\n");
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text.append(text.empty() ? "" : ", ").append(item);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

bool are_headers_allowed(const CorsOptions& cors, std::string_view wanted) {
  while (!wanted.empty()) {
    const std::size_t comma = wanted.find(',');
    std::string_view one = wanted.substr(0, comma);
    wanted = comma == std::string_view::npos ? std::string_view() : wanted.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const std::string name = lower(one);
    bool is_known = name.empty() || name == "x-requested-with" || name == "origin";
    for (const std::string& allowed : cors.allowed_headers)
      is_known = is_known || allowed == "*" || lower(allowed) == name;
    if (!is_known) return false;
  }
  return true;
}

}  // namespace

bool is_preflight(const RequestHead& head) {
  return head.method == "OPTIONS" && !head.header("access-control-request-method").empty();
}

void append_cors_headers(const CorsOptions& cors, const RequestHead& head, bool is_for_preflight, Buffer& to) {
  const std::string_view origin = head.header("origin");
  append_line(to, "Vary", "Origin");
  if (origin.empty() || !is_allowed(cors, origin)) return;
  const std::string_view wanted_headers = head.header("access-control-request-headers");
  if (is_for_preflight && !are_headers_allowed(cors, wanted_headers)) return;
  const bool is_any = cors.allowed_origins.size() == 1 && cors.allowed_origins.front() == "*";
  append_line(to, "Access-Control-Allow-Origin", is_any ? "*" : origin);
  append_line(to, "Access-Control-Allow-Credentials", "true");
  if (!is_for_preflight) {
    if (!cors.exposed_headers.empty()) append_line(to, "Access-Control-Expose-Headers", joined(cors.exposed_headers));
    return;
  }
  append_line(to, "Access-Control-Allow-Methods", head.header("access-control-request-method"));
  if (!wanted_headers.empty()) append_line(to, "Access-Control-Allow-Headers", wanted_headers);
  if (cors.max_age_seconds > 0) append_line(to, "Access-Control-Max-Age", std::to_string(cors.max_age_seconds));
}

}  // namespace rankwire::net
