#include "text/time_format.hpp"

#include <cstdlib>

#include "text/civil_time.hpp"

namespace rankwire::text {
namespace {

constexpr std::string_view months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

void put(std::string& out, std::int64_t number, std::size_t width, char fill = '0') {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), fill);
  out += digits;
}

void put_fraction(std::string& out, unsigned nanos, std::size_t digits) {
  std::string fraction;
  put(fraction, nanos, 9);
  fraction.resize(digits);
  const bool is_behind_point = !out.empty() && (out.back() == '.' || out.back() == ',');
  if (is_behind_point) fraction.erase(fraction.find_last_not_of('0') + 1);
  if (fraction.empty()) out.pop_back();
  out += fraction;
}

// `parts` of hours, minutes and seconds.
void put_offset(std::string& out, std::int64_t offset, int parts, std::string_view separator) {
  out += offset < 0 ? '-' : '+';
  const std::int64_t seconds = std::abs(offset);
  put(out, seconds / 3600, 2);
  for (int part = 1; part < parts; ++part) {
    out += separator;
    put(out, part == 1 ? seconds / 60 % 60 : seconds % 60, 2);
  }
}

void put_zone(std::string& out, const CivilTime& time) {
  if (!time.zone.empty()) {
    out += time.zone;
    return;
  }
  put_offset(out, time.offset, time.offset % 3600 == 0 ? 1 : 2, "");
  if (time.offset % 3600 == 0) out += "00";
}

unsigned half(unsigned hour) { return hour % 12 == 0 ? 12 : hour % 12; }

bool put_date(std::string& out, char directive, const CivilTime& time) {
  switch (directive) {
    case 'Y': put(out, time.year, 4); return true;
    case 'y': put(out, time.year % 100, 2); return true;
    case 'm': put(out, time.month, 2); return true;
    case 'o': put(out, time.month, 2, ' '); return true;
    case 'q': put(out, time.month, 1); return true;
    case 'b': out += months[time.month - 1].substr(0, 3); return true;
    case 'B': out += months[time.month - 1]; return true;
    case 'd': put(out, time.day, 2); return true;
    case 'e': put(out, time.day, 2, ' '); return true;
    case 'g': put(out, time.day, 1); return true;
    case 'a': out += weekdays[time.weekday].substr(0, 3); return true;
    case 'A': out += weekdays[time.weekday]; return true;
    default: return false;
  }
}

void put_clock(std::string& out, char directive, const CivilTime& time) {
  switch (directive) {
    case 'H': return put(out, time.hour, 2);
    case 'I': return put(out, half(time.hour), 2);
    case 'l': return put(out, half(time.hour), 1);
    case 'p': out += time.hour < 12 ? "AM" : "PM"; return;
    case 'P': out += time.hour < 12 ? "am" : "pm"; return;
    case 'M': return put(out, time.minute, 2);
    case 'S': return put(out, time.second, 2);
    case 'L': return put_fraction(out, time.nanos, 3);
    case 'f': return put_fraction(out, time.nanos, 6);
    case 's': return put_fraction(out, time.nanos, 9);
    case 'Z': return put_zone(out, time);
    case 'z':
      if (time.offset == 0) {
        out += 'Z';
        return;
      }
      return put_offset(out, time.offset, 2, "");
    case 'i': return put_offset(out, time.offset, 1, "");
    case 'j': return put_offset(out, time.offset, 2, ":");
    case 'k': return put_offset(out, time.offset, 3, ":");
    case 'w': return put_offset(out, time.offset, 3, "");
    default: return;
  }
}

}  // namespace

bool TimeFormat::add(std::string_view layout, std::vector<Step>& steps) {
  const auto literal = [&](char c) {
    if (steps.empty() || steps.back().directive != 0) steps.emplace_back();
    steps.back().text += c;
  };
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] != '%') {
      literal(layout[i]);
      continue;
    }
    if (++i == layout.size()) return literal('%'), true;
    switch (layout[i]) {
      case '%': literal('%'); break;
      case 'n': literal('\n'); break;
      case 't': literal('\t'); break;
      case 'h': steps.push_back({'b', {}}); break;
      case 'D':
      case 'x': add("%m/%d/%Y", steps); break;
      case 'F': add("%Y-%m-%d", steps); break;
      case 'T':
      case 'X': add("%H:%M:%S", steps); break;
      case 'R': add("%H:%M", steps); break;
      case 'r': add("%I:%M:%S %P", steps); break;
      case 'c': add("%a %b %d %H:%M:%S %Y", steps); break;
      default:
        if (std::string_view("YymoqbBdegaAHIlpPMSLfsZzijkw").find(layout[i]) == std::string_view::npos) return false;
        steps.push_back({layout[i], {}});
    }
  }
  return true;
}

Result<TimeFormat> TimeFormat::make(std::string_view layout) {
  TimeFormat made;
  if (layout.empty()) return Error(ErrorKind::invalid, "the layout is empty");
  if (!add(layout, made.steps_))
    return Error(ErrorKind::invalid, "\"" + std::string(layout) + "\" has a directive that is not supported");
  return made;
}

void TimeFormat::append(std::int64_t unix_nanos, const TimeZone* zone, std::string& out) const {
  const CivilTime time = civil_time(unix_nanos, zone);
  for (const Step& step : steps_) {
    if (step.directive == 0)
      out += step.text;
    else if (!put_date(out, step.directive, time))
      put_clock(out, step.directive, time);
  }
}

}  // namespace rankwire::text
