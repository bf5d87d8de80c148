#include "text/time_zone.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "text/timestamp.hpp"

namespace rankwire::text {

namespace {

constexpr std::size_t header_size = 44;
constexpr std::size_t file_size_max = 1024 * 1024;
constexpr int rule_year_last = 2100;

std::int64_t read_big_endian(std::string_view text, std::size_t at, int size) {
  std::uint64_t number = 0;
  for (int i = 0; i < size; ++i)
    number = number << 8 | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
  return size == 4 ? static_cast<std::int32_t>(number) : static_cast<std::int64_t>(number);
}

std::string read_file(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    char chunk[4096];
    for (std::size_t size; text.size() < file_size_max && (size = std::fread(chunk, 1, sizeof chunk, file)) != 0;)
      text.append(chunk, size);
    std::fclose(file);
  }
  return text;
}

bool is_zone_name(const std::string& name) {
  return !name.empty() && name.size() < 64 && name.front() != '/' && name.find("..") == std::string::npos &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '/' || c == '_' ||
                      c == '-' || c == '+';
             });
}

// The rule behind the last change in a zone file: "CET-1CEST,M3.5.0,M10.5.0/3".
struct RuleReader {
  std::string_view rest;

  std::string_view name() {
    const std::string_view all = rest;
    if (rest.starts_with('<')) {
      const std::size_t size = std::min(rest.find('>'), rest.size() - 1) + 1;
      rest.remove_prefix(size);
      return all.substr(1, size < 2 ? 0 : size - 2);
    }
    while (!rest.empty() && (rest.front() | 0x20) >= 'a' && (rest.front() | 0x20) <= 'z') rest.remove_prefix(1);
    return all.substr(0, all.size() - rest.size());
  }
  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  int number() {
    int value = 0;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9' && value < 10000) {
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    return value;
  }
  std::int64_t seconds() {
    const int sign = take('-') ? -1 : (take('+'), 1);
    std::int64_t value = number() * 3600;
    if (take(':')) value += number() * 60;
    if (take(':')) value += number();
    return sign * value;
  }
};

struct RuleDate {
  unsigned month = 0, week = 0, weekday = 0;
  std::int64_t time = 7200;

  // Only the form Mm.w.d is in use.
  bool read(RuleReader& reader) {
    if (!reader.take(',') || !reader.take('M')) return false;
    month = static_cast<unsigned>(reader.number());
    reader.take('.');
    week = static_cast<unsigned>(reader.number());
    reader.take('.');
    weekday = static_cast<unsigned>(reader.number());
    if (reader.take('/')) time = reader.seconds();
    return month >= 1 && month <= 12 && week >= 1 && week <= 5 && weekday <= 6;
  }
  std::int64_t local_seconds(int year) const {
    const std::int64_t first = days_from_civil(year, month, 1);
    const auto first_weekday = static_cast<unsigned>(((first + 4) % 7 + 7) % 7);
    unsigned day = 1 + (weekday + 7 - first_weekday) % 7 + (week - 1) * 7;
    while (!is_valid_date(year, month, day)) day -= 7;
    return days_from_civil(year, month, day) * 86400 + time;
  }
};

}  // namespace

void TimeZone::extend(std::string_view rule) {
  RuleReader reader{rule};
  const std::string standard_name(reader.name());
  const std::int64_t standard = -reader.seconds();
  if (reader.rest.empty()) return;
  const std::string summer_name(reader.name());
  std::int64_t summer = standard + 3600;
  if (!reader.rest.empty() && reader.rest.front() != ',') summer = -reader.seconds();
  RuleDate begin, end;
  if (!begin.read(reader) || !end.read(reader)) return;
  const std::int64_t last = changes_.empty() ? 0 : changes_.back().at;
  for (int year = 1970 + static_cast<int>(std::max<std::int64_t>(last, 0) / 31'556'952); year < rule_year_last;
       ++year) {
    Change both[] = {{begin.local_seconds(year) - standard, summer, summer_name},
                     {end.local_seconds(year) - summer, standard, standard_name}};
    if (both[1].at < both[0].at) std::swap(both[0], both[1]);
    for (const Change& change : both)
      if (change.at > last) changes_.push_back(change);
  }
}

bool TimeZone::parse(std::string_view file) {
  const auto count_at = [&](std::size_t start, int index) {
    return static_cast<std::size_t>(read_big_endian(file, start + 20 + 4 * static_cast<std::size_t>(index), 4));
  };
  if (file.size() < header_size || !file.starts_with("TZif") || file[4] < '2') return false;
  // The first part has 32-bit times; what counts is the second.
  std::size_t counts[6];  // isutc, isstd, leap, times, types, characters.
  for (int i = 0; i < 6; ++i) counts[i] = count_at(0, i);
  for (const std::size_t count : counts)
    if (count > file.size()) return false;
  const std::size_t second =
      header_size + counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0];
  if (file.size() < second + header_size) return false;
  for (int i = 0; i < 6; ++i) counts[i] = count_at(second, i);
  for (const std::size_t count : counts)
    if (count > file.size()) return false;
  const std::size_t times = second + header_size;
  const std::size_t indices = times + counts[3] * 8;
  const std::size_t types = indices + counts[3];
  const std::size_t end = types + counts[4] * 6 + counts[5] + counts[2] * 12 + counts[1] + counts[0];
  if (counts[4] == 0 || end > file.size()) return false;
  const std::string_view names = file.substr(types + counts[4] * 6, counts[5]);
  const auto name_of = [&](std::size_t type) {
    const std::string_view rest =
        names.substr(std::min<std::size_t>(static_cast<unsigned char>(file[types + type * 6 + 5]), names.size()));
    return std::string(rest.substr(0, rest.find('\0')));
  };
  first_offset_ = read_big_endian(file, types, 4);
  first_name_ = name_of(0);
  for (std::size_t i = 0; i < counts[3]; ++i) {
    const auto type = static_cast<unsigned char>(file[indices + i]);
    if (type >= counts[4]) return false;
    changes_.push_back(
        {read_big_endian(file, times + i * 8, 8), read_big_endian(file, types + type * 6u, 4), name_of(type)});
  }
  std::string_view rule = file.substr(end);
  if (rule.starts_with('\n')) rule.remove_prefix(1);
  extend(rule.substr(0, rule.find('\n')));
  return true;
}

Result<std::shared_ptr<const TimeZone>> TimeZone::load(const std::string& name) {
  auto zone = std::make_shared<TimeZone>();
  std::string wanted = name;
  if (wanted.empty() || wanted == "Local") {
    const char* set = std::getenv("TZ");
    wanted = set == nullptr ? "" : set;
    if (wanted.starts_with(':')) wanted.erase(0, 1);
    if (set == nullptr) {
      zone->parse(read_file("/etc/localtime"));  // Without one, the machine keeps UTC.
      return std::shared_ptr<const TimeZone>(std::move(zone));
    }
  }
  if (wanted.empty() || wanted == "UTC") return std::shared_ptr<const TimeZone>(std::move(zone));
  if (!is_zone_name(wanted) || !zone->parse(read_file("/usr/share/zoneinfo/" + wanted)))
    return Error(ErrorKind::invalid, "time zone \"" + wanted + "\" is not known on this machine");
  return std::shared_ptr<const TimeZone>(std::move(zone));
}

const TimeZone* TimeZone::of_offset(std::int64_t seconds) {
  constexpr std::int64_t step = 900, count = 96;  // A day to either side.
  static const auto zones = [] {
    auto all = std::make_unique<TimeZone[]>(2 * count + 1);
    for (std::int64_t i = -count; i <= count; ++i) {
      TimeZone& zone = all[static_cast<std::size_t>(i + count)];
      zone.first_offset_ = i * step;
      if (i != 0) zone.first_name_.clear();
    }
    return all;
  }();
  if (seconds % step != 0 || seconds < -count * step || seconds > count * step) return nullptr;
  return &zones[static_cast<std::size_t>(seconds / step + count)];
}

void TimeZone::look_up(std::int64_t utc_seconds, std::int64_t& offset, std::string_view& name) const {
  const auto after = std::partition_point(changes_.begin(), changes_.end(),
                                          [&](const Change& change) { return change.at <= utc_seconds; });
  const bool is_first = after == changes_.begin();
  offset = is_first ? first_offset_ : std::prev(after)->offset;
  name = is_first ? first_name_ : std::prev(after)->name;
}

std::int64_t TimeZone::to_utc(std::int64_t local_seconds) const {
  // The offset before the first change that this local time has not reached.
  std::int64_t offset = first_offset_;
  const auto after = std::partition_point(changes_.begin(), changes_.end(), [&](const Change& change) {
    const std::int64_t before = &change == changes_.data() ? first_offset_ : (&change)[-1].offset;
    return change.at + std::max(before, change.offset) <= local_seconds;
  });
  if (after != changes_.begin()) offset = std::prev(after)->offset;
  return local_seconds - offset;
}

}  // namespace rankwire::text
