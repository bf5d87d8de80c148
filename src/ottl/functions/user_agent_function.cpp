// UserAgent: who a client says it is. Knows the browsers, bots, tools and systems that make up most of what servers
// see, not the thousands of others that the original's list has: those are "Other".
#include "ottl/functions/families.hpp"

namespace rankwire::ottl {
namespace {

// What stands before the version, and beside it somewhere in the text if `also` is not empty. The first that fits
// counts: browsers carry the names of those that they imitate.
struct Product {
  std::string_view token, also, name;
};

constexpr Product products[] = {
    {"Googlebot/", "", "Googlebot"},
    {"bingbot/", "", "bingbot"},
    {"Edg/", "", "Edge"},
    {"EdgA/", "", "Edge Mobile"},
    {"EdgiOS/", "", "Edge Mobile"},
    {"Edge/", "", "Edge"},
    {"OPR/", "Mobile", "Opera Mobile"},
    {"OPR/", "", "Opera"},
    {"Vivaldi/", "", "Vivaldi"},
    {"SamsungBrowser/", "", "Samsung Internet"},
    {"YaBrowser/", "", "Yandex Browser"},
    {"CriOS/", "", "Chrome Mobile iOS"},
    {"FxiOS/", "", "Firefox iOS"},
    {"HeadlessChrome/", "", "HeadlessChrome"},
    {"Chrome/", "Mobile", "Chrome Mobile"},
    {"Chrome/", "", "Chrome"},
    {"Firefox/", "Mobile", "Firefox Mobile"},
    {"Firefox/", "", "Firefox"},
    {"Version/", "Mobile", "Mobile Safari"},
    {"Version/", "Safari/", "Safari"},
    {"MSIE ", "", "IE"},
    {"rv:", "Trident/", "IE"},
    {"curl/", "", "curl"},
    {"Wget/", "", "Wget"},
    {"python-requests/", "", "Python Requests"},
    {"Go-http-client/", "", "Go-http-client"},
    {"okhttp/", "", "okhttp"},
    {"Apache-HttpClient/", "", "Apache-HttpClient"},
    {"PostmanRuntime/", "", "PostmanRuntime"},
};

struct System {
  std::string_view token, name, version;  // Without a version: the one behind the token, if there is one.
};

constexpr System systems[] = {
    {"Windows NT 10.0", "Windows", "10"},
    {"Windows NT 6.3", "Windows", "8.1"},
    {"Windows NT 6.2", "Windows", "8"},
    {"Windows NT 6.1", "Windows", "7"},
    {"Windows NT 6.0", "Windows", "Vista"},
    {"Windows NT 5.1", "Windows", "XP"},
    {"CPU iPhone OS ", "iOS", ""},
    {"CPU OS ", "iOS", ""},
    {"Mac OS X ", "Mac OS X", ""},
    {"Android ", "Android", ""},
    {"Android", "Android", ""},
    {"CrOS ", "Chrome OS", ""},
    {"Ubuntu", "Ubuntu", ""},
    {"Linux", "Linux", ""},
};

// At most three numbers, with points between them whatever stands there.
std::string_view read_version(std::string_view text, Arena& arena) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t end = 0;
  for (int part = 0; part < 3; ++part) {
    const std::size_t start = part == 0 ? 0 : end + 1;
    if (part != 0 && (end >= text.size() || (text[end] != '.' && text[end] != '_'))) break;
    std::size_t stop = start;
    while (stop < text.size() && is_digit(text[stop])) ++stop;
    if (stop == start) break;
    end = stop;
  }
  char* const out = arena.allocate_array<char>(end);
  for (std::size_t i = 0; i < end; ++i) out[i] = text[i] == '_' ? '.' : text[i];
  return {out, end};
}

bool user_agent(Invocation& call, Datum& out) {
  const std::string_view text = call.text(0);
  std::string_view name = "Other", version, system = "Other", system_version;
  for (const Product& product : products) {
    const std::size_t at = text.find(product.token);
    if (at == std::string_view::npos || text.find(product.also) == std::string_view::npos) continue;
    name = product.name;
    version = read_version(text.substr(at + product.token.size()), call.arena());
    break;
  }
  for (const System& one : systems) {
    const std::size_t at = text.find(one.token);
    if (at == std::string_view::npos) continue;
    system = one.name;
    system_version = one.version.empty() ? read_version(text.substr(at + one.token.size()), call.arena()) : one.version;
    break;
  }
  Attributes parts;
  const auto put = [&](std::string_view key, std::string_view value) {
    parts.push(call.arena(), {key, Value::of(value)});
  };
  put("user_agent.name", name);
  put("user_agent.version", version);
  put("user_agent.original", text);
  put("os.name", system);
  if (!system_version.empty()) put("os.version", system_version);
  out = Value::of(parts);
  return true;
}

}  // namespace

void add_user_agent_function(FunctionTable& table) {
  table.add({.name = "UserAgent", .parameters = {{"user_agent", Want::text}}, .result = Type::map, .run = user_agent});
}

}  // namespace rankwire::ottl
