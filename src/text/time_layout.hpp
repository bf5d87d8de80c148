// Timestamps in layouts that a user writes: strptime directives, Go's reference time, or numbers
// since 1970.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "text/time_zone.hpp"

namespace rankwire::text {

using ZoneNames = std::vector<std::pair<std::string, std::string>>;

class TimeLayout {
 public:
  TimeLayout() = default;
  // `type`: strptime, gotime, epoch. `location`: "", "Local", "UTC" or a name like Europe/Berlin.
  // `zone_names`: the locations that abbreviations such as EST mean, for %Z.
  static Result<TimeLayout> make(const std::string& type, const std::string& layout, const std::string& location,
                                 const ZoneNames& zone_names = {});

  bool is_epoch() const { return epoch_unit_ != 0; }
  // All of `text` must be of the layout. A layout without a year means the year that brings the
  // time closest to `now_unix_nanos` without lying more than a week ahead of it.
  bool read(std::string_view text, std::uint64_t now_unix_nanos, std::uint64_t& nanos) const {
    const TimeZone* zone = nullptr;
    return read(text, now_unix_nanos, nanos, zone);
  }
  // Also says where: the zone of an offset in the text, or that of the location, which is the layout's. Null: UTC.
  bool read(std::string_view text, std::uint64_t now_unix_nanos, std::uint64_t& nanos, const TimeZone*& zone) const;
  // Epoch layouts, from a number.
  bool read_number(double number, std::uint64_t& nanos) const;
  bool read_number(std::int64_t number, std::uint64_t& nanos) const;

 private:
  struct Step {
    char directive = 0;  // 0: literal.
    std::string text;
  };
  struct Fields;

  static bool append_strptime(std::string_view layout, std::vector<Step>& steps);
  static void append_go(std::string_view layout, std::vector<Step>& steps);
  static void append_literal(std::vector<Step>& steps, char c);
  static bool is_behind_seconds(const std::vector<Step>& steps);
  static bool read_step(const Step& step, std::string_view& rest, Fields& fields);
  static bool read_zone(char directive, std::string_view& rest, Fields& fields);
  bool finish(const Fields& fields, std::uint64_t now_unix_nanos, std::uint64_t& nanos, const TimeZone*& zone) const;

  std::vector<Step> steps_;
  std::int64_t epoch_unit_ = 0;  // Nanoseconds of one; 0: not an epoch layout.
  bool epoch_has_fraction_ = false;
  std::shared_ptr<const TimeZone> zone_;
  std::vector<std::pair<std::string, std::shared_ptr<const TimeZone>>> named_zones_;
};

}  // namespace rankwire::text
