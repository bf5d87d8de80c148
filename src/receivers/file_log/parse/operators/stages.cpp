#include "receivers/file_log/parse/operators/stages.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::file_log {

namespace {

constexpr std::int64_t range_size_max = 10'000;
constexpr std::string_view base_levels[] = {"trace", "debug", "info", "warn", "error", "fatal"};

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return copy;
}

// "error3" is 19; -1: not a level.
int level_number(std::string_view name) {
  if (name == "default") return 0;
  for (int level = 0; level < 6; ++level) {
    const std::string_view base = base_levels[level];
    if (!name.starts_with(base)) continue;
    const std::string_view rest = name.substr(base.size());
    if (rest.empty()) return level * 4 + 1;
    if (rest.size() == 1 && rest[0] >= '1' && rest[0] <= '4') return level * 4 + (rest[0] - '0');
  }
  return -1;
}

std::string_view level_text(int number) {
  static constexpr std::string_view texts[] = {"DEFAULT", "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2",
                                               "DEBUG3",  "DEBUG4", "INFO",   "INFO2",  "INFO3",  "INFO4",  "WARN",
                                               "WARN2",   "WARN3",  "WARN4",  "ERROR",  "ERROR2", "ERROR3", "ERROR4",
                                               "FATAL",   "FATAL2", "FATAL3", "FATAL4"};
  return texts[number];
}

bool read_hex(std::string_view text, std::span<std::uint8_t> to) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  if (text.size() != to.size() * 2) return false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto read = std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, to[i], 16);
    if (read.ec != std::errc() || read.ptr != text.data() + 2 * i + 2) return false;
  }
  return true;
}

bool is_number_text(const std::string& text, std::int64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

void TimeSettings::fields(config::Fields& f) {
  f.field("parse_from", parse_from, "Field that holds the time.");
  f.field("layout", layout, "How it is written.");
  f.field("layout_type", layout_type, "strptime, gotime or epoch.");
  f.field("location", location, "Time zone of times without one; the machine's by default.");
  f.field("time_zone_locations", time_zone_locations, "Locations that abbreviations read by %Z mean.");
}

void SeveritySettings::fields(config::Fields& f) {
  f.field("parse_from", parse_from, "Field that holds the severity.");
  f.field("preset", preset, "Values known from the start: default, http or none.");
  f.field("mapping", mapping, "From severity to the values that mean it.");
  f.field("overwrite_text", overwrite_text, "Set the severity text to the standard name.");
}

void TracePartSettings::fields(config::Fields& f) { f.field("parse_from", parse_from, "Field that holds it, in hex."); }

void TraceSettings::fields(config::Fields& f) {
  f.optional_section("trace_id", trace_id, "Where the trace id is.");
  f.optional_section("span_id", span_id, "Where the span id is.");
  f.optional_section("trace_flags", trace_flags, "Where the flags are.");
}

std::optional<TimeStage> TimeStage::make(const TimeSettings& settings, const OperatorSource& source) {
  TimeStage stage;
  stage.from_ = source.required_field("parse_from", settings.parse_from);
  const text::ZoneNames names(settings.time_zone_locations.begin(), settings.time_zone_locations.end());
  auto layout = text::TimeLayout::make(settings.layout_type, settings.layout, settings.location, names);
  if (!layout) {
    source.error("layout", layout.error().message());
    return std::nullopt;
  }
  stage.layout_ = std::move(*layout);
  return stage;
}

const char* TimeStage::apply(Entry& entry, Run& run) const {
  Value value;
  if (!from_.get(entry, value)) return "the time's field is not there";
  std::uint64_t& to = entry.record.time_unix_nanos;
  bool is_read = false;
  if (value.is_text())
    is_read = layout_.read(value.text(), run.unix_nanos, to);
  else if (layout_.is_epoch() && value.type() == ValueType::integer)
    is_read = layout_.read_number(value.integer(), to);
  else if (layout_.is_epoch() && value.type() == ValueType::real)
    is_read = layout_.read_number(value.real(), to);
  return is_read ? nullptr : "the time is not of its layout";
}

std::optional<SeverityStage> SeverityStage::make(const SeveritySettings& settings, const OperatorSource& source) {
  SeverityStage stage;
  stage.from_ = source.required_field("parse_from", settings.parse_from);
  stage.overwrites_text_ = settings.overwrite_text;
  if (settings.preset == "default" || settings.preset.empty()) {
    for (const std::string_view base : base_levels)
      for (const std::string_view digit : {"", "1", "2", "3", "4"})
        stage.numbers_[std::string(base) + std::string(digit)] = level_number(std::string(base) + std::string(digit));
    static constexpr std::pair<const char*, const char*> aliases[] = {
        {"warning", "warn"}, {"err", "error"},   {"notice", "info2"}, {"critical", "error2"},
        {"alert", "error3"}, {"emerg", "fatal"}, {"panic", "fatal"}};
    for (const auto& [alias, level] : aliases) stage.numbers_[alias] = level_number(level);
  } else if (settings.preset == "http") {
    static constexpr const char* levels[] = {"debug", "info", "warn", "error"};
    for (int status = 200; status < 600; ++status)
      stage.numbers_[std::to_string(status)] = level_number(levels[status / 100 - 2]);
  } else if (settings.preset != "none") {
    source.error("preset", "preset is one of default, http, none");
    return std::nullopt;
  }
  if (!settings.mapping.is_null() && !settings.mapping.is_map()) source.error("mapping", "mapping must be a map");
  for (const auto& [name, values] : settings.mapping.entries()) {
    std::int64_t number = 0;
    int level = level_number(lower(name));
    if (level < 0 && is_number_text(name, number) && number >= 0 && number <= 24) level = static_cast<int>(number);
    if (level < 0)
      source.error("mapping", "\"" + name + "\" is not a severity",
                   config::suggest(name, {std::begin(base_levels), std::end(base_levels)}));
    else
      stage.add_mapping(level, values, source);
  }
  return stage;
}

void SeverityStage::add_range(int number, const config::Node& node, const OperatorSource& source) {
  const config::Node* min = node.find("min");
  const config::Node* max = node.find("max");
  std::int64_t low = 0, high = 0;
  if (min == nullptr || max == nullptr || !is_number_text(min->text(), low) || !is_number_text(max->text(), high) ||
      high < low || high - low > range_size_max)
    return source.error("mapping", "a range needs whole numbers min and max, at most 10000 apart");
  for (std::int64_t value = low; value <= high; ++value) numbers_[std::to_string(value)] = number;
}

void SeverityStage::add_mapping(int number, const config::Node& node, const OperatorSource& source) {
  if (node.is_sequence()) {
    for (const config::Node& item : node.items())
      if (!item.is_sequence()) add_mapping(number, item, source);
    return;
  }
  if (node.is_map()) return add_range(number, node, source);
  const std::string text = lower(node.text());
  const bool is_class = text.size() == 3 && text[0] >= '1' && text[0] <= '5' && text.ends_with("xx");
  for (int status = is_class ? (text[0] - '0') * 100 : 0, i = 0; is_class && i < 100; ++i)
    numbers_[std::to_string(status + i)] = number;
  if (!is_class) numbers_[text] = number;
}

const char* SeverityStage::apply(Entry& entry, Run& run) const {
  Value value;
  if (!from_.get(entry, value)) return "the severity's field is not there";
  if (value.type() == ValueType::map || value.type() == ValueType::array) return "the severity is not a text or number";
  const std::string_view text = expr::to_text(value, run.arena());
  const auto found = numbers_.find(lower(text));
  entry.record.severity_number = found == numbers_.end() ? 0 : static_cast<std::uint32_t>(found->second);
  entry.record.severity_text = overwrites_text_ && found != numbers_.end() ? level_text(found->second) : text;
  return nullptr;
}

std::optional<TraceStage> TraceStage::make(const TraceSettings& settings, const OperatorSource& source) {
  TraceStage stage;
  const auto part = [&](const char* key, const std::optional<TracePartSettings>& from) {
    const FieldPath otherwise = FieldPath(FieldPath::Root::body).child(key);
    return from.has_value() ? source.section(key).field("parse_from", from->parse_from, otherwise) : otherwise;
  };
  stage.trace_id_ = part("trace_id", settings.trace_id);
  stage.span_id_ = part("span_id", settings.span_id);
  stage.trace_flags_ = part("trace_flags", settings.trace_flags);
  return stage;
}

const char* TraceStage::apply(Entry& entry) const {
  Value value;
  TraceId trace_id;
  SpanId span_id;
  std::uint8_t flags = 0;
  if (trace_id_.get(entry, value)) {
    if (!value.is_text() || !read_hex(value.text(), trace_id.bytes)) return "the trace id is not 32 hexadecimal digits";
    entry.record.trace_id = trace_id;
  }
  if (span_id_.get(entry, value)) {
    if (!value.is_text() || !read_hex(value.text(), span_id.bytes)) return "the span id is not 16 hexadecimal digits";
    entry.record.span_id = span_id;
  }
  if (trace_flags_.get(entry, value)) {
    if (!value.is_text() || !read_hex(value.text(), {&flags, 1})) return "the trace flags are not 2 hexadecimal digits";
    entry.record.flags = flags;
  }
  return nullptr;
}

namespace {

// One stage as an operator.
template <class Stage>
class StageOperator final : public Transformer {
 public:
  explicit StageOperator(Stage stage) : stage_(std::move(stage)) {}

 protected:
  const char* transform(Entry& entry, Run& run) const override {
    if constexpr (requires { stage_.apply(entry, run); })
      return stage_.apply(entry, run);
    else
      return stage_.apply(entry);
  }

 private:
  const Stage stage_;
};

template <class Settings>
struct WithCommon : TransformerSettings, Settings {
  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    Settings::fields(f);
  }
};

template <class Stage, class Settings>
std::unique_ptr<Operator> build_stage(const OperatorSource& source) {
  const auto settings = source.read<WithCommon<Settings>>();
  auto stage = Stage::make(settings, source);
  return stage.has_value() ? std::make_unique<StageOperator<Stage>>(std::move(*stage)) : nullptr;
}

}  // namespace

std::unique_ptr<Operator> build_time_parser(const OperatorSource& source) {
  return build_stage<TimeStage, TimeSettings>(source);
}

std::unique_ptr<Operator> build_severity_parser(const OperatorSource& source) {
  return build_stage<SeverityStage, SeveritySettings>(source);
}

std::unique_ptr<Operator> build_trace_parser(const OperatorSource& source) {
  return build_stage<TraceStage, TraceSettings>(source);
}

}  // namespace rankwire::file_log
