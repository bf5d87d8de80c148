#include "receivers/file_log/parse/container_line.hpp"

#include <cstring>

#include "text/json_text.hpp"
#include "text/json_value.hpp"

namespace rankwire::file_log {

namespace {

constexpr std::string_view known_streams[] = {"stdout", "stderr"};

// A walk over one flat JSON object; positions are checked against `end` at every step.
struct ObjectWalk {
  const char* at;
  const char* end;

  void skip_space() {
    while (at != end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) ++at;
  }
  bool take(char c) {
    skip_space();
    if (at == end || *at != c) return false;
    ++at;
    return true;
  }
  // The raw inside of a string.
  bool take_string(std::string_view& raw, bool& has_escapes) {
    if (!take('"')) return false;
    const char* quote = text::find_closing_quote(at, end, has_escapes);
    if (quote == nullptr) return false;
    raw = {at, static_cast<std::size_t>(quote - at)};
    at = quote + 1;
    return true;
  }
};

// log, stream and time, each a string, in any order; false when there is anything else.
bool read_simple_docker(std::string_view line, text::Rfc3339Reader& time, Arena& arena, ContainerLine& to) {
  ObjectWalk walk{line.data(), line.data() + line.size()};
  if (!walk.take('{')) return false;
  bool has_log = false, has_time = false;
  do {
    std::string_view key, raw;
    bool key_escapes = false, escapes = false;
    if (!walk.take_string(key, key_escapes) || key_escapes || !walk.take(':') || !walk.take_string(raw, escapes))
      return false;
    if (key == "log" && !has_log) {
      has_log = true;
      to.message = raw;
      if (escapes && !text::unescape_json(raw, arena, to.message)) return false;
    } else if (key == "stream" && !escapes) {
      to.stream = raw;
    } else if (key == "time" && !has_time && !escapes) {
      has_time = true;
      if (!time.read(raw, to.time_unix_nanos)) return false;
    } else {
      return false;
    }
  } while (walk.take(','));
  if (!walk.take('}')) return false;
  walk.skip_space();
  return walk.at == walk.end && has_log && has_time;
}

// Any object with at least a text `log` and a `time`; other keys become `extra`.
bool read_any_docker(std::string_view line, text::Rfc3339Reader& time, Arena& arena, ContainerLine& to) {
  Value value;
  if (!text::read_json_object(line, text::NumberForm::real, arena, value)) return false;
  to = {};
  bool has_log = false, has_time = false;
  for (const KeyValue& entry : value.entries()) {
    const bool is_text = entry.value.is_text();
    if (entry.key == "log" && is_text) {
      to.message = entry.value.text();
      has_log = true;
    } else if (entry.key == "stream" && is_text) {
      to.stream = entry.value.text();
    } else if (entry.key == "time" && is_text) {
      has_time = time.read(entry.value.text(), to.time_unix_nanos);
    } else {
      to.extra.push(arena, entry);
    }
  }
  return has_log && has_time;
}

}  // namespace

bool read_cri_line(std::string_view line, text::Rfc3339Reader& time, ContainerLine& to) {
  const auto* space = static_cast<const char*>(std::memchr(line.data(), ' ', std::min<std::size_t>(line.size(), 64)));
  if (space == nullptr) return false;
  const char* const end = line.data() + line.size();
  // "stdout F" at least; both stream names have six letters.
  const char* stream = space + 1;
  if (end - stream < 8 || stream[6] != ' ') return false;
  to.stream = {stream, 6};
  if (to.stream != known_streams[0] && to.stream != known_streams[1]) return false;
  if (!time.read({line.data(), static_cast<std::size_t>(space - line.data())}, to.time_unix_nanos)) return false;
  const char* tag = stream + 7;
  const char* tag_end = tag + 1;
  if (tag_end != end && *tag_end != ' ') [[unlikely]] {
    tag_end = static_cast<const char*>(std::memchr(tag, ' ', static_cast<std::size_t>(end - tag)));
    if (tag_end == nullptr) tag_end = end;
    if (tag[1] != ':') return false;
  }
  if (*tag != 'F' && *tag != 'P') return false;
  to.tag = {tag, static_cast<std::size_t>(tag_end - tag)};
  to.is_partial = *tag == 'P';
  to.message =
      tag_end == end ? std::string_view() : std::string_view(tag_end + 1, static_cast<std::size_t>(end - tag_end - 1));
  return true;
}

bool read_docker_line(std::string_view line, text::Rfc3339Reader& time, Arena& arena, ContainerLine& to) {
  if (!read_simple_docker(line, time, arena, to) && !read_any_docker(line, time, arena, to)) return false;
  to.is_docker = true;
  // Docker cuts messages at 16 KiB; only the last piece ends with the message's own line end.
  to.is_partial = to.message.empty() || to.message.back() != '\n';
  return true;
}

bool read_container_line(std::string_view line, ContainerFormat format, text::Rfc3339Reader& time, Arena& arena,
                         ContainerLine& to) {
  const bool is_docker = format == ContainerFormat::docker ||
                         (format == ContainerFormat::automatic && !line.empty() && line.front() == '{');
  return is_docker ? read_docker_line(line, time, arena, to) : read_cri_line(line, time, to);
}

}  // namespace rankwire::file_log
