#include "text/delimited.hpp"

namespace rankwire::text {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view bare(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    text = text.substr(1, text.size() - 2);
  return text;
}

// Takes what stands before `delimiter` (outside of quotes); false at the end of `rest`.
bool take_part(std::string_view& rest, std::string_view delimiter, std::string_view& part) {
  if (rest.empty()) return false;
  char quote = '\0';
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (rest.substr(i).starts_with(delimiter)) {
      part = rest.substr(0, i);
      rest.remove_prefix(i + delimiter.size());
      return true;
    } else if (c == '"' || c == '\'') {
      // A quote that never closes is an ordinary character (an apostrophe).
      if (rest.find(c, i + 1) != std::string_view::npos) quote = c;
    }
  }
  part = rest;
  rest = {};
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
  return -1;
}

std::string_view percent_decoded(std::string_view text, Arena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  char* const start = static_cast<char*>(arena.allocate(text.size(), 1));
  char* to = start;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      *to++ = static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      *to++ = text[i] == '+' ? ' ' : text[i];
    }
  }
  return {start, static_cast<std::size_t>(to - start)};
}

void append_query(std::string_view query, Arena& arena, List<KeyValue>& to) {
  List<KeyValue> entries;
  for (std::string_view part; take_part(query, "&", part);) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view key = percent_decoded(part.substr(0, equals), arena);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : percent_decoded(part.substr(equals + 1), arena);
    const Value* old = find(entries, key);
    List<Value> values = old == nullptr ? List<Value>() : old->items();
    values.push(arena, Value::of(value));
    set(entries, arena, key, Value::of(values));
  }
  to.push(arena, {"query", Value::of(entries)});
}

}  // namespace

const char* read_key_values(std::string_view text, std::string_view delimiter, std::string_view pair_delimiter,
                            Arena& arena, List<KeyValue>& to) {
  if (text.empty()) return "there is nothing to parse";
  for (std::string_view pair; take_part(text, pair_delimiter, pair);) {
    if (bare(pair).empty()) continue;
    std::string_view key;
    std::string_view value = pair;
    if (!take_part(value, delimiter, key) || key.size() == pair.size()) return "a pair has no delimiter";
    set(to, arena, bare(key), Value::of(bare(value)));
  }
  return nullptr;
}

const char* read_csv_row(std::string_view text, char delimiter, CsvQuotes quotes, Arena& arena, List<Value>& to) {
  std::size_t at = 0;
  while (true) {
    if (quotes == CsvQuotes::none || at == text.size() || text[at] != '"') {
      const std::size_t end = std::min(text.find(delimiter, at), text.size());
      const std::string_view column = text.substr(at, end - at);
      if (quotes == CsvQuotes::strict && column.find('"') != std::string_view::npos) return "a quote inside a column";
      to.push(arena, Value::of(column));
      at = end;
    } else {
      char* const start = static_cast<char*>(arena.allocate(text.size() - at, 1));
      char* put = start;
      bool is_closed = false;
      for (++at; at < text.size() && !is_closed;) {
        const bool is_quote = text[at] == '"';
        const bool is_doubled = is_quote && at + 1 < text.size() && text[at + 1] == '"';
        const bool is_last = at + 1 == text.size() || text[at + 1] == delimiter;
        if (is_quote && !is_doubled && !is_last && quotes == CsvQuotes::strict) return "a quote inside a column";
        is_closed = is_quote && !is_doubled && is_last;
        if (!is_closed) *put++ = text[at];
        at += is_doubled ? 2 : 1;
      }
      if (!is_closed && quotes == CsvQuotes::strict) return "a quoted column is not closed";
      to.push(arena, Value::of(std::string_view(start, static_cast<std::size_t>(put - start))));
    }
    if (at >= text.size()) return nullptr;
    ++at;
  }
}

const char* read_uri(std::string_view text, Arena& arena, List<KeyValue>& to) {
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) to.push(arena, {key, Value::of(value)});
  };
  if (text.empty() || text.find_first_of(" \t\r\n") != std::string_view::npos) return "not a URI";
  const std::size_t hash = text.find('#');
  const std::string_view fragment = hash == std::string_view::npos ? std::string_view() : text.substr(hash + 1);
  text = text.substr(0, hash);
  const std::size_t question = text.find('?');
  const bool has_query = question != std::string_view::npos;
  const std::string_view query = has_query ? text.substr(question + 1) : std::string_view();
  text = text.substr(0, question);
  const std::size_t colon = text.find("://");
  if (colon != std::string_view::npos) {
    add("scheme", text.substr(0, colon));
    text.remove_prefix(colon + 3);
    const std::size_t slash = std::min(text.find('/'), text.size());
    std::string_view host = text.substr(0, slash);
    text.remove_prefix(slash);
    const std::size_t user_end = host.rfind('@');
    if (user_end != std::string_view::npos) {
      // The password stays out.
      add("user", host.substr(0, std::min(host.find(':'), user_end)));
      host.remove_prefix(user_end + 1);
    }
    const std::size_t port = host.rfind(':');
    const bool has_port = port != std::string_view::npos && host.find(']', port) == std::string_view::npos;
    add("host", host.substr(0, has_port ? port : std::string_view::npos));
    if (has_port) add("port", host.substr(port + 1));
  } else if (!has_query && text.find_first_of("/.:") == std::string_view::npos) {
    return "not a URI";
  }
  add("path", percent_decoded(text, arena));
  if (has_query) append_query(query, arena, to);
  add("fragment", fragment);
  return nullptr;
}

std::vector<std::string> split_header(std::string_view header, char delimiter) {
  std::vector<std::string> names;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(delimiter), header.size());
    names.emplace_back(bare(header.substr(0, end)));
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return names;
}

}  // namespace rankwire::text
