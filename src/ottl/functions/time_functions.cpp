// Times and durations: made, read, written, cut and taken apart.
#include <cmath>

#include "ottl/functions/families.hpp"
#include "text/civil_time.hpp"
#include "text/time_format.hpp"
#include "text/time_layout.hpp"

namespace rankwire::ottl {
namespace {

constexpr std::int64_t microsecond = 1000, millisecond = 1'000'000, second = 1'000'000'000, minute = 60 * second,
                       hour = 60 * minute;

__extension__ using Wide = __int128;

bool now(Invocation& call, Datum& out) {
  out = Datum::of_time(static_cast<std::int64_t>(call.frame().world.clock.unix_nanos()));
  return true;
}

bool read_time(const text::TimeLayout& layout, Invocation& call, Datum& out) {
  if (call.text(0).empty()) return call.fail("the text is empty");
  std::uint64_t nanos = 0;
  const text::TimeZone* zone = nullptr;
  if (!layout.read(call.text(0), call.frame().world.clock.unix_nanos(), nanos, zone) || nanos > INT64_MAX)
    return call.fail("the text is not a time since 1970 in this format");
  out = Datum::of_time(static_cast<std::int64_t>(nanos), zone);
  return true;
}

Result<Run> prepare_time(const Known& known) {
  const std::string_view locale = known.text(3).value_or("en");
  if (!locale.empty() && !locale.starts_with("en"))
    return Error(ErrorKind::invalid,
                 "the locale " + std::string(locale) + " is not supported; names of months and days are English");
  if (known.text(1)->empty()) return Error(ErrorKind::invalid, "the format is empty");
  std::string location(known.text(2).value_or(""));
  if (location.empty()) location = "UTC";
  auto made = text::TimeLayout::make("strptime", std::string(*known.text(1)), location);
  if (!made) return Error(std::move(made).error());
  const auto layout = std::make_shared<const text::TimeLayout>(std::move(*made));
  return Run([layout](Invocation& call, Datum& out) { return read_time(*layout, call, out); });
}

Result<Run> prepare_format(const Known& known) {
  auto made = text::TimeFormat::make(*known.text(1));
  if (!made) return Error(std::move(made).error());
  const auto format = std::make_shared<const text::TimeFormat>(std::move(*made));
  return Run([format](Invocation& call, Datum& out) {
    std::string text;
    format->append(call[0].unix_nanos(), call[0].zone(), text);
    out = Value::of(call.arena().copy(text));
    return true;
  });
}

// To a multiple of the duration since the year 1, as Go counts: weeks begin on Mondays.
bool truncate_time(Invocation& call, Datum& out) {
  out = call[0];
  const std::int64_t step = call[1].nanos();
  if (step <= 0) return true;
  constexpr std::int64_t seconds_before_1970 = 62'135'596'800;
  const Wide since_year_1 = Wide{call[0].unix_nanos()} + Wide{seconds_before_1970} * second;
  const auto rest = static_cast<std::int64_t>(since_year_1 % step);
  if (std::int64_t cut = 0; !__builtin_sub_overflow(call[0].unix_nanos(), rest, &cut))
    out = Datum::of_time(cut, call[0].zone());
  return true;
}

// Of the unit that `text` begins with, which is taken off; 0: of none.
std::int64_t take_unit(std::string_view& text) {
  constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"ns", 1},           {"us", microsecond}, {"µs", microsecond}, {"μs", microsecond},
      {"ms", millisecond}, {"s", second},       {"m", minute},       {"h", hour}};
  for (const auto& [name, nanos] : units) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return nanos;
  }
  return 0;
}

bool take_digits(std::string_view& text, double& number, double& scale) {
  const std::size_t size = text.size();
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), scale *= 10)
    number = number * 10 + (text[0] - '0');
  return text.size() != size;
}

// "1h2m3.5s", as Go reads durations.
bool read_duration(Invocation& call, Datum& out) {
  std::string_view text = call.text(0);
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const auto bad = [&] { return call.fail("expected a duration such as \"1h30m\" or \"2.5s\" but got another text"); };
  if (text.empty()) return bad();
  long double total = 0;
  while (!text.empty() && text != "0") {
    double whole = 0, fraction = 0, scale = 1, ignored = 1;
    bool has_digits = take_digits(text, whole, ignored);
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      has_digits = take_digits(text, fraction, scale) || has_digits;
    }
    const std::int64_t unit = take_unit(text);
    if (!has_digits || unit == 0) return bad();
    total += static_cast<long double>(whole) * static_cast<long double>(unit) +
             std::floor(static_cast<long double>(fraction) * (static_cast<long double>(unit) / scale));
  }
  if (!(total < 9223372036854775807.0L)) return call.fail("the duration is longer than 292 years");
  const auto nanos = static_cast<std::int64_t>(total);
  out = Datum::of_duration(is_negative ? -nanos : nanos);
  return true;
}

bool unix_time(Invocation& call, Datum& out) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(call[0].integer(), second, &nanos) ||
      __builtin_add_overflow(nanos, call.integer_or(1, 0), &nanos))
    return call.fail("the time lies outside of the years 1678 to 2262");
  out = Datum::of_time(nanos);
  return true;
}

template <std::int64_t unit>
bool unix_units(Invocation& call, Datum& out) {
  const std::int64_t nanos = call[0].unix_nanos();
  out = Value::of(nanos / unit - (nanos % unit < 0 ? 1 : 0));
  return true;
}

template <std::int64_t unit>
bool real_units(Invocation& call, Datum& out) {
  const std::int64_t nanos = call[0].nanos();
  out = Value::of(static_cast<double>(nanos / unit) + static_cast<double>(nanos % unit) / static_cast<double>(unit));
  return true;
}

template <std::int64_t unit>
bool whole_units(Invocation& call, Datum& out) {
  out = Value::of(call[0].nanos() / unit);
  return true;
}

template <auto member>
bool part_of_time(Invocation& call, Datum& out) {
  out = Value::of(static_cast<std::int64_t>(text::civil_time(call[0].unix_nanos(), call[0].zone()).*member));
  return true;
}

void add_parts(FunctionTable& table) {
  const auto of_time = [&](std::string_view name, Run run) {
    table.add({.name = name, .parameters = {{"time", Want::time}}, .result = Type::integer, .run = std::move(run)});
  };
  using text::CivilTime;
  of_time("Year", part_of_time<&CivilTime::year>);
  of_time("Month", part_of_time<&CivilTime::month>);
  of_time("Day", part_of_time<&CivilTime::day>);
  of_time("Hour", part_of_time<&CivilTime::hour>);
  of_time("Minute", part_of_time<&CivilTime::minute>);
  of_time("Second", part_of_time<&CivilTime::second>);
  of_time("Nanosecond", part_of_time<&CivilTime::nanos>);
  of_time("Weekday", part_of_time<&CivilTime::weekday>);
  of_time("UnixSeconds", unix_units<second>);
  of_time("UnixMilli", unix_units<millisecond>);
  of_time("UnixMicro", unix_units<microsecond>);
  of_time("UnixNano", unix_units<1>);
  const auto of_duration = [&](std::string_view name, Type result, Run run) {
    table.add({.name = name, .parameters = {{"duration", Want::duration}}, .result = result, .run = std::move(run)});
  };
  of_duration("Hours", Type::real, real_units<hour>);
  of_duration("Minutes", Type::real, real_units<minute>);
  of_duration("Seconds", Type::real, real_units<second>);
  of_duration("Milliseconds", Type::integer, whole_units<millisecond>);
  of_duration("Microseconds", Type::integer, whole_units<microsecond>);
  of_duration("Nanoseconds", Type::integer, whole_units<1>);
}

}  // namespace

void add_time_functions(FunctionTable& table) {
  table.add({.name = "Now", .parameters = {}, .result = Type::time, .run = now, .is_pure = false});
  // A layout without a year means the one closest to now.
  table.add({.name = "Time",
             .parameters = {{"time", Want::text},
                            literal({"format", Want::text}),
                            optional(literal({"location", Want::text})),
                            optional(literal({"locale", Want::text}))},
             .result = Type::time,
             .prepare = prepare_time,
             .is_pure = false});
  table.add({.name = "FormatTime",
             .parameters = {{"time", Want::time}, literal({"format", Want::text})},
             .result = Type::text,
             .prepare = prepare_format});
  table.add({.name = "TruncateTime",
             .parameters = {{"time", Want::time}, {"duration", Want::duration}},
             .result = Type::time,
             .run = truncate_time});
  table.add(
      {.name = "Duration", .parameters = {{"duration", Want::text}}, .result = Type::duration, .run = read_duration});
  table.add({.name = "Unix",
             .parameters = {{"seconds", Want::integer}, optional({"nanoseconds", Want::integer})},
             .result = Type::time,
             .run = unix_time});
  add_parts(table);
}

}  // namespace rankwire::ottl
