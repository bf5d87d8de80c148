#include "text/time_layout.hpp"

#include <charconv>
#include <cmath>

#include "text/timestamp.hpp"

namespace rankwire::text {

namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr std::string_view months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// Go's reference time, longest first where one begins another. The directives are strptime's,
// with ours for what strptime lacks: E any fraction, O day of the year, ! nothing.
constexpr std::pair<std::string_view, char> go_words[] = {
    {"January", 'B'}, {"Jan", 'b'}, {"Monday", 'A'}, {"Mon", 'a'},   {"MST", 'Z'}, {"2006", 'Y'}, {"Z07:00", 'j'},
    {"Z0700", 'z'},   {"Z07", 'i'}, {"-07:00", 'j'}, {"-0700", 'z'}, {"-07", 'i'}, {"002", 'O'},  {"01", 'm'},
    {"02", 'd'},      {"03", 'I'},  {"04", 'M'},     {"05", 'S'},    {"06", 'y'},  {"15", 'H'},   {"PM", 'p'},
    {"pm", 'p'},      {"_2", 'e'},  {"1", 'm'},      {"2", 'd'},     {"3", 'I'},   {"4", 'M'},    {"5", 'S'}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// At most `digits_max` digits, at least one, after optional spaces.
bool take_number(std::string_view& rest, int digits_max, std::int64_t& number) {
  number = 0;
  int count = 0;
  while (count < digits_max && !rest.empty() && is_digit(rest.front())) {
    number = number * 10 + (rest.front() - '0');
    rest.remove_prefix(1);
    ++count;
  }
  return count != 0;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  if (text.size() < start.size()) return false;
  for (std::size_t i = 0; i < start.size(); ++i)
    if ((text[i] | 0x20) != (start[i] | 0x20)) return false;
  return true;
}

template <std::size_t N>
bool take_word(std::string_view& rest, const std::string_view (&words)[N], bool is_short, std::int64_t& index) {
  for (index = 0; index < static_cast<std::int64_t>(N); ++index) {
    const std::string_view word = words[index].substr(0, is_short ? 3 : std::string_view::npos);
    if (!starts_with_ignoring_case(rest, word)) continue;
    rest.remove_prefix(word.size());
    return true;
  }
  return false;
}

bool take_fraction(std::string_view& rest, std::int64_t& nanos) {
  std::int64_t unit = nanos_per_second / 10;
  nanos = 0;
  const std::size_t size = rest.size();
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), unit /= 10)
    nanos += (rest.front() - '0') * unit;
  return rest.size() != size;
}

bool to_nanos(std::int64_t seconds, std::int64_t fraction, std::uint64_t& nanos) {
  if (seconds < 0 || seconds > 18'446'744'072) return false;
  nanos = static_cast<std::uint64_t>(seconds) * nanos_per_second + static_cast<std::uint64_t>(fraction);
  return true;
}

}  // namespace

struct TimeLayout::Fields {
  std::int64_t year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0, day_of_year = 0;
  std::int64_t offset = 0;
  std::string_view zone_name;  // As written, where it says no offset.
  bool has_year = false, has_offset = false, has_half = false, is_afternoon = false;
};

void TimeLayout::append_literal(std::vector<Step>& steps, char c) {
  if (steps.empty() || steps.back().directive != 0) steps.emplace_back();
  steps.back().text += c;
}

// Elsewhere digits are no fraction: with "%s" seconds since 1970 are meant, which the original does not read either.
bool TimeLayout::is_behind_seconds(const std::vector<Step>& steps) {
  if (steps.empty()) return false;
  const Step& last = steps.back();
  return last.directive == 'S' || last.text.ends_with('.') || last.text.ends_with(',');
}

bool TimeLayout::append_strptime(std::string_view layout, std::vector<Step>& steps) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] != '%') {
      append_literal(steps, layout[i]);
      continue;
    }
    if (++i == layout.size()) return false;
    // "%-d" and "%_d" differ from "%d" only when printing.
    if ((layout[i] == '-' || layout[i] == '_') && ++i == layout.size()) return false;
    switch (layout[i]) {
      case '%': append_literal(steps, '%'); break;
      case 'n': append_literal(steps, '\n'); break;
      case 't': append_literal(steps, '\t'); break;
      case 'D':
      case 'x': append_strptime("%m/%d/%Y", steps); break;
      case 'F': append_strptime("%Y-%m-%d", steps); break;
      case 'T':
      case 'X': append_strptime("%H:%M:%S", steps); break;
      case 'r': append_strptime("%I:%M:%S %p", steps); break;
      case 'R': append_strptime("%H:%M", steps); break;
      case 'c': append_strptime("%a %b %e %H:%M:%S %Y", steps); break;
      case 'h': steps.push_back({'b', {}}); break;
      case 'P': steps.push_back({'p', {}}); break;
      case 'l': steps.push_back({'I', {}}); break;
      case 'o':
      case 'q': steps.push_back({'m', {}}); break;
      case 'g': steps.push_back({'d', {}}); break;
      case 'L':
      case 'f':
      case 's': steps.push_back({is_behind_seconds(steps) ? 'E' : '!', {}}); break;
      default:
        if (std::string_view("YymbBdeaAHIpMSZzijkw").find(layout[i]) == std::string_view::npos) return false;
        steps.push_back({layout[i], {}});
    }
  }
  return true;
}

void TimeLayout::append_go(std::string_view layout, std::vector<Step>& steps) {
  while (!layout.empty()) {
    // A fraction: a dot or comma and zeros or nines.
    const std::size_t digits = std::min(layout.find_first_not_of("09", 1), layout.size());
    if ((layout[0] == '.' || layout[0] == ',') && digits > 1 &&
        (digits == layout.size() || !is_digit(layout[digits]))) {
      append_literal(steps, layout[0]);
      steps.push_back({'E', {}});
      layout.remove_prefix(digits);
      continue;
    }
    bool is_word = false;
    for (const auto& [word, directive] : go_words) {
      if (!layout.starts_with(word)) continue;
      steps.push_back({directive, {}});
      layout.remove_prefix(word.size());
      is_word = true;
      break;
    }
    if (is_word) continue;
    append_literal(steps, layout[0]);
    layout.remove_prefix(1);
  }
}

Result<TimeLayout> TimeLayout::make(const std::string& type, const std::string& layout, const std::string& location,
                                    const ZoneNames& zone_names) {
  TimeLayout made;
  auto zone = TimeZone::load(location);
  if (!zone) return Error(std::move(zone).error());
  made.zone_ = std::move(*zone);
  for (const auto& [name, meant] : zone_names) {
    auto named = TimeZone::load(meant);
    if (!named) return Error(std::move(named).error());
    made.named_zones_.emplace_back(name, std::move(*named));
  }
  if (layout.empty()) return Error(ErrorKind::invalid, "\"layout\" must be set");
  if (type == "epoch") {
    static constexpr std::pair<std::string_view, std::int64_t> units[] = {
        {"s", nanos_per_second},    {"ms", 1'000'000},         {"us", 1000}, {"ns", 1}, {"s.ms", nanos_per_second},
        {"s.us", nanos_per_second}, {"s.ns", nanos_per_second}};
    for (const auto& [name, unit] : units)
      if (name == layout) made.epoch_unit_ = unit;
    made.epoch_has_fraction_ = layout.size() == 4;
    if (made.epoch_unit_ != 0) return made;
    return Error(ErrorKind::invalid, "an epoch layout is one of s, ms, us, ns, s.ms, s.us, s.ns");
  }
  if (type == "gotime") {
    append_go(layout, made.steps_);
    return made;
  }
  if (type != "strptime") return Error(ErrorKind::invalid, "layout_type is one of strptime, gotime, epoch");
  if (!append_strptime(layout, made.steps_))
    return Error(ErrorKind::invalid, "\"" + layout + "\" has a directive that is not supported");
  return made;
}

bool TimeLayout::read_zone(char directive, std::string_view& rest, Fields& fields) {
  fields.has_offset = true;
  fields.offset = 0;
  if (directive == 'Z') {
    std::size_t size = 0;
    while (size < rest.size() && size < 5 && rest[size] >= 'A' && rest[size] <= 'Z') ++size;
    const std::string_view name = rest.substr(0, size);
    rest.remove_prefix(size);
    // Abbreviations are ambiguous; like Go, only UTC's own ones count, others mean the location's time.
    fields.has_offset = name == "UTC" || name == "GMT" || name == "Z";
    fields.zone_name = name;
    return size != 0;
  }
  if (rest.starts_with('Z')) {
    rest.remove_prefix(1);
    return true;
  }
  if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) return false;
  const int sign = rest.front() == '-' ? -1 : 1;
  rest.remove_prefix(1);
  std::int64_t hours = 0, minutes = 0, seconds = 0;
  if (!take_number(rest, 2, hours)) return false;
  const bool has_colons = directive == 'j' || directive == 'k';
  const auto take_part = [&](std::int64_t& part) {
    if (has_colons && !rest.starts_with(':')) return false;
    if (has_colons) rest.remove_prefix(1);
    return take_number(rest, 2, part);
  };
  if (directive != 'i' && !take_part(minutes)) return false;
  if ((directive == 'k' || directive == 'w') && !take_part(seconds)) return false;
  fields.offset = sign * (hours * 3600 + minutes * 60 + seconds);
  return hours < 24 && minutes < 60 && seconds < 60;
}

bool TimeLayout::read_step(const Step& step, std::string_view& rest, Fields& fields) {
  std::int64_t number = 0;
  switch (step.directive) {
    case 0:
      if (!rest.starts_with(step.text)) return false;
      rest.remove_prefix(step.text.size());
      return true;
    case 'Y': fields.has_year = true; return take_number(rest, 4, fields.year);
    case 'y':
      fields.has_year = true;
      if (!take_number(rest, 2, number)) return false;
      fields.year = number + (number >= 69 ? 1900 : 2000);
      return true;
    case 'm': return take_number(rest, 2, fields.month);
    case 'b':
    case 'B':
      if (!take_word(rest, months, step.directive == 'b', number)) return false;
      fields.month = number + 1;
      return true;
    case 'a':
    case 'A': return take_word(rest, weekdays, step.directive == 'a', number);
    case 'e':
      while (rest.starts_with(' ')) rest.remove_prefix(1);
      return take_number(rest, 2, fields.day);
    case 'd': return take_number(rest, 2, fields.day);
    case 'O': return take_number(rest, 3, fields.day_of_year);
    case 'H': return take_number(rest, 2, fields.hour) && fields.hour < 24;
    case 'I': fields.has_half = true; return take_number(rest, 2, fields.hour) && fields.hour >= 1 && fields.hour <= 12;
    case 'p':
      fields.has_half = true;
      fields.is_afternoon = !rest.empty() && (rest.front() | 0x20) == 'p';
      if (rest.size() < 2 || (rest[1] | 0x20) != 'm' || ((rest[0] | 0x20) != 'a' && !fields.is_afternoon)) return false;
      rest.remove_prefix(2);
      return true;
    case 'M': return take_number(rest, 2, fields.minute) && fields.minute < 60;
    case 'S': return take_number(rest, 2, fields.second) && fields.second <= 60;
    case 'E': return take_fraction(rest, fields.nanos);
    case '!': return false;
    default: return read_zone(step.directive, rest, fields);
  }
}

bool TimeLayout::finish(const Fields& given, std::uint64_t now_unix_nanos, std::uint64_t& nanos,
                        const TimeZone*& zone) const {
  Fields fields = given;
  if (fields.has_half) fields.hour = fields.hour % 12 + (fields.is_afternoon ? 12 : 0);
  if (fields.day_of_year == 0 && fields.has_year &&
      !is_valid_date(fields.year, static_cast<unsigned>(fields.month), static_cast<unsigned>(fields.day)))
    return false;
  zone = zone_.get();
  for (const auto& [name, meant] : named_zones_) {
    if (name != fields.zone_name) continue;
    zone = meant.get();
    fields.has_offset = false;
  }
  const TimeZone* const place = zone;
  if (fields.has_offset) zone = fields.offset != 0 ? TimeZone::of_offset(fields.offset) : nullptr;
  const auto seconds_in = [&](std::int64_t year) {
    std::int64_t days = days_from_civil(year, static_cast<unsigned>(fields.month), static_cast<unsigned>(fields.day));
    if (fields.day_of_year != 0) days = days_from_civil(year, 1, 1) + fields.day_of_year - 1;
    const std::int64_t local = days * 86400 + fields.hour * 3600 + fields.minute * 60 + fields.second;
    return fields.has_offset ? local - fields.offset : place->to_utc(local);
  };
  if (fields.has_year) return to_nanos(seconds_in(fields.year), fields.nanos, nanos);
  if (fields.month < 1 || fields.month > 12 || fields.day < 1 || fields.day > 31) return false;
  constexpr std::int64_t week = 7 * 86400;
  const auto now = static_cast<std::int64_t>(now_unix_nanos / nanos_per_second);
  std::int64_t year = 1970 + now / 31'556'952;
  if (seconds_in(year) > now + week) --year;
  return to_nanos(seconds_in(year), fields.nanos, nanos);
}

bool TimeLayout::read(std::string_view text, std::uint64_t now_unix_nanos, std::uint64_t& nanos,
                      const TimeZone*& zone) const {
  if (is_epoch()) {
    const std::size_t dot = text.find('.');
    std::int64_t whole = 0, fraction = 0;
    const std::string_view digits = text.substr(0, dot);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return false;
    if (dot != std::string_view::npos) {
      std::string_view rest = text.substr(dot + 1);
      if (!epoch_has_fraction_ || !take_fraction(rest, fraction) || !rest.empty()) return false;
    }
    return read_number(whole, nanos) && (nanos += static_cast<std::uint64_t>(fraction), true);
  }
  Fields fields;
  for (const Step& step : steps_) {
    const bool had_seconds = &step != steps_.data() && (&step)[-1].directive == 'S';
    // As in Go: a fraction may follow the seconds although the layout has none.
    const bool is_fraction = had_seconds && text.size() > 1 && (text[0] == '.' || text[0] == ',') &&
                             is_digit(text[1]) &&
                             !(step.directive == 0 && (step.text[0] == '.' || step.text[0] == ','));
    if (is_fraction) {
      text.remove_prefix(1);
      take_fraction(text, fields.nanos);
    }
    if (!read_step(step, text, fields)) return false;
  }
  if (!steps_.empty() && steps_.back().directive == 'S' && text.size() > 1 && (text[0] == '.' || text[0] == ',')) {
    text.remove_prefix(1);
    if (!take_fraction(text, fields.nanos)) return false;
  }
  return text.empty() && finish(fields, now_unix_nanos, nanos, zone);
}

bool TimeLayout::read_number(std::int64_t number, std::uint64_t& nanos) const {
  if (number < 0) return false;
  const auto units = static_cast<std::uint64_t>(number);
  const auto unit = static_cast<std::uint64_t>(epoch_unit_);
  return !__builtin_mul_overflow(units, unit, &nanos);
}

bool TimeLayout::read_number(double number, std::uint64_t& nanos) const {
  const double result = number * static_cast<double>(epoch_unit_);
  if (!(result >= 0) || result >= 1.8e19) return false;
  // Seconds with a fraction keep microseconds only where a double has them.
  nanos = static_cast<std::uint64_t>(std::llround(result / 1000.0)) * 1000;
  if (result < 9e15) nanos = static_cast<std::uint64_t>(result);
  return true;
}

}  // namespace rankwire::text
