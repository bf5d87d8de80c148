// Reading of a page: which of its series are known, what is stale after it, and what a failure leaves.
#include "exposition/target.hpp"

#include <xxhash.h>

#include "exposition/target_state.hpp"
#include "exposition/text_parser.hpp"
#include "otlp/utf8.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::size_t names_max = 65536;
// Lines of earlier pages that a table may hold beside as many that it needs.
constexpr std::uint64_t dead_lines_min = 1000;

TargetOptions with_room(TargetOptions options) {
  options.limits.batch_points_max = std::max(options.limits.batch_points_max, 1u);
  return options;
}

}  // namespace

Target::Target(TargetOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Target::Target(Target&&) noexcept = default;
Target& Target::operator=(Target&&) noexcept = default;
Target::~Target() = default;

Result<void> Target::read(std::string_view page, Format format, std::int64_t time_ms, SeriesRules& rules) {
  return state_->read(page, format, time_ms, rules);
}
void Target::lost(std::int64_t time_ms) { state_->lost(time_ms, false); }
void Target::report(std::string_view name, double value, std::int64_t time_ms) { state_->report(name, value, time_ms); }
void Target::end(std::int64_t time_ms) { state_->lost(time_ms, true); }
std::optional<MetricBatch> Target::next_batch() { return state_->next_batch(); }
const PageCounts& Target::counts() const { return state_->counts; }
std::uint64_t Target::series_count() const { return state_->series_count; }
Bytes Target::memory_bytes() const { return Bytes{state_->bytes()}; }

std::optional<Format> format_of(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const auto is = [&](std::string_view name) {
    std::string_view trimmed = type;
    while (trimmed.ends_with(' ')) trimmed.remove_suffix(1);
    return std::ranges::equal(trimmed, name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
  };
  if (is("text/plain")) return Format::text;
  if (is("application/openmetrics-text")) return Format::open_metrics;
  if (!is("application/vnd.google.protobuf")) return std::nullopt;
  const bool is_other = (content_type.find("encoding=") != std::string_view::npos &&
                         content_type.find("encoding=delimited") == std::string_view::npos) ||
                        (content_type.find("proto=") != std::string_view::npos &&
                         content_type.find("proto=io.prometheus.client.MetricFamily") == std::string_view::npos);
  return is_other ? std::nullopt : std::optional(Format::protobuf);
}

Target::State::State(TargetOptions options)
    : options_(with_room(std::move(options))), table_(std::make_unique<SeriesTable>(options_.seed)) {}

std::size_t Target::State::bytes() const {
  return table_->bytes() + metadata_.bytes() + names_.size() * 48 + samples_.capacity() * sizeof(Sample) +
         page_arena_.reserved_bytes();
}

void Target::State::begin(std::int64_t time_ms) {
  drop_samples();
  ++scrape_;
  counts = {};
  is_over_samples_ = false;
  page_time_ms_ = time_ms;
  page_arena_.reset();
  samples_.reserve(series_count + 16);
  run_name_ = {};
  if (dead_lines_ > table_->lines.size() / 2 && dead_lines_ > dead_lines_min) {
    table_ = table_->compacted(last_good_, options_.seed);
    kept_lines_ = std::min<std::uint64_t>(kept_lines_, table_->lines.size());
    table_->trim();
    names_.clear();
    dead_lines_ = 0;
  }
  if (names_.size() > names_max) names_.clear();
  table_->begin_page();
}

void Target::State::drop_samples() {
  for (const Sample& sample : samples_) {
    Group& group = table_->groups[table_->lines[sample.line].group];
    group.pending = 0;
    group.open = none;
    table_->metrics[group.metric].expected = 0;
  }
  samples_.clear();
  exemplars_.clear();
  natives_.clear();
  open_.clear();
  free_open_.clear();
  next_sample_ = 0;
}

Result<void> Target::State::read(std::string_view page, Format format, std::int64_t time_ms, SeriesRules& rules) {
  begin(time_ms);
  rules_ = &rules;
  Result<void> result =
      format == Format::protobuf ? read_protobuf(page) : read_text(page, format == Format::open_metrics);
  if (result && is_over_samples_)
    result = Error(ErrorKind::too_large, "sample_limit: the page has " + std::to_string(counts.kept) +
                                             " samples after relabelling, and may have " +
                                             std::to_string(options_.limits.samples_max));
  if (!result) {
    drop_samples();
    make_all_stale(false);
    return result;
  }
  finish();
  return {};
}

void Target::State::lost(std::int64_t time_ms, bool with_reports) {
  begin(time_ms);
  make_all_stale(with_reports);
}

void Target::State::add_stale(std::uint32_t line) {
  Group& group = table_->groups[table_->lines[line].group];
  if (group.pending++ == 0) ++table_->metrics[group.metric].expected;
  samples_.push_back({.line = line, .value = stale_nan(), .time_ms = page_time_ms_});
  ++counts.stale;
}

void Target::State::make_all_stale(bool with_reports) {
  series_count = 0;
  for (std::uint32_t id = 0; id < table_->lines.size(); ++id) {
    Line& line = table_->lines[id];
    if (!line.is_live || (line.is_report && !with_reports)) continue;
    line.is_live = false;
    add_stale(id);
  }
  // What only failed pages had is not kept; what the last good one had is, for the next one.
  dead_lines_ = table_->lines.size() - kept_lines_;
}

// A series is stale if nothing of its point was in the page: the same series may be written in another way.
void Target::State::finish() {
  metadata_.expire(scrape_);
  series_count = 0;
  dead_lines_ = 0;
  for (std::uint32_t id = 0; id < table_->lines.size(); ++id) {
    Line& line = table_->lines[id];
    if (line.is_report) continue;
    if (line.seen == scrape_) {
      const bool is_series = line.part < Part::created || line.part == Part::native;
      line.is_live = line.is_tracked && is_series;
      series_count += is_series;
      continue;
    }
    ++dead_lines_;
    if (!line.is_live) continue;
    line.is_live = false;
    if (table_->groups[line.group].seen != scrape_) add_stale(id);
  }
  kept_lines_ = table_->lines.size() - dead_lines_;
  last_good_ = scrape_;
  table_->trim();
}

const NameFacts& Target::State::facts_of(std::string_view name, bool is_native) {
  NameFacts& facts = names_[XXH3_64bits_withSeed(name.data(), name.size(), options_.seed + is_native)];
  if (facts.version == 0 && rules_ != nullptr) facts.is_wanted = rules_->wants(name);
  if (facts.is_wanted && facts.version != metadata_.version())
    facts.family = table_->family_of(metadata_.belonging_of(name, is_native));
  facts.version = metadata_.version();
  return facts;
}

bool Target::State::is_family_wanted(std::string_view family) {
  std::uint8_t& asked = names_[XXH3_64bits_withSeed(family.data(), family.size(), options_.seed)].family_asked;
  if (asked != 0) return asked == 2;
  asked = 1;
  for (const char* suffix : {"", "_total", "_bucket", "_count", "_sum", "_created", "_info"})
    if (rules_->wants(std::string(family) + suffix)) asked = 2;
  return asked == 2;
}

bool Target::State::still_holds(const Line& line, const NameFacts& facts) const {
  if (line.part == Part::dropped || line.seen == scrape_) return true;
  if (line.is_renamed) return metadata_.changed_in() < line.seen;
  if (line.part == Part::target_info || line.part == Part::scope_info) return true;
  return table_->metrics[table_->groups[line.group].metric].family == facts.family;
}

std::uint32_t Target::State::known_line(std::uint64_t hash, std::uint32_t check, const NameFacts& facts) {
  const std::uint32_t found = table_->find(hash, check);
  return found != none && still_holds(table_->lines[found], facts) ? found : none;
}

void Target::State::take_info(const Line& line) {
  const Group& group = table_->groups[line.group];
  const Stream& stream = table_->streams[table_->metrics[group.metric].stream];
  if (line.part == Part::target_info) {
    table_->resources[stream.resource].info = group.attributes;
    table_->resources[stream.resource].info_seen = scrape_;
  } else {
    table_->scopes[stream.scope].attributes = group.attributes;
    table_->scopes[stream.scope].info_seen = scrape_;
  }
}

void Target::State::take(std::uint32_t id, double value, bool has_time, std::int64_t time_ms, std::uint32_t extra) {
  Line& line = table_->lines[id];
  has_time &= options_.honors_timestamps;
  const bool is_again = line.seen == scrape_;
  const bool is_new = line.seen == 0 || line.seen < last_good_;
  line.seen = scrape_;
  if (line.part == Part::dropped) return;
  ++counts.kept;
  if (is_again && !has_time) {
    ++counts.duplicates;
    return;
  }
  counts.added += is_new;
  line.is_tracked = !has_time || options_.tracks_timestamps_staleness;
  if (options_.limits.samples_max != 0 && counts.kept > options_.limits.samples_max) {
    is_over_samples_ = true;
    return;
  }
  if (line.part == Part::target_info || line.part == Part::scope_info) return take_info(line);
  Group& group = table_->groups[line.group];
  if (line.part == Part::created) {
    group.created_seconds = value;
    group.created_seen = scrape_;
    return;
  }
  group.seen = scrape_;
  if (group.pending++ == 0) ++table_->metrics[group.metric].expected;
  samples_.push_back({.line = id, .extra = extra, .value = value, .time_ms = has_time ? time_ms : page_time_ms_});
}

void Target::State::report(std::string_view name, double value, std::int64_t time_ms) {
  const std::string key = std::string("\0", 1).append(name);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(key.data(), key.size(), options_.seed);
  std::uint32_t id = table_->find(hash.low64, static_cast<std::uint32_t>(hash.high64));
  if (id == none) {
    id = table_->add_line(hash.low64, static_cast<std::uint32_t>(hash.high64));
    const std::uint32_t family = table_->family_of(metadata_.belonging_of(name, false));
    const std::uint32_t resource = table_->resource_of(options_.job, options_.instance);
    const std::uint32_t stream = table_->stream_of(resource, table_->scope_of({}, {}, {}, none));
    Labels labels;
    for (const auto& [label, text] : options_.labels) labels.push_back({label, text});
    sort_labels(labels);
    table_->lines[id].group = table_->group_of(table_->metric_of(family, stream), set_of(labels, MetricType::gauge));
    table_->lines[id].part = Part::value;
    table_->lines[id].is_report = true;
  }
  Line& line = table_->lines[id];
  line.is_live = true;
  Group& group = table_->groups[line.group];
  if (group.pending++ == 0) ++table_->metrics[group.metric].expected;
  samples_.push_back({.line = id, .value = value, .time_ms = time_ms});
}

Result<void> Target::State::read_text(std::string_view page, bool is_open_metrics) {
  TextParser parser(page, is_open_metrics, options_.limits.line_bytes_max);
  while (true) {
    const Entry entry = parser.next();
    if (entry == Entry::end) return {};
    if (entry == Entry::error) return parser.error();
    if (entry == Entry::series) {
      RANKWIRE_TRY(read_series(parser));
      continue;
    }
    if (!is_family_wanted(parser.family())) continue;
    if (entry == Entry::type)
      metadata_.set_type(parser.family(), parser.type(), scrape_);
    else if (entry == Entry::help)
      metadata_.set_help(parser.family(), parser.text(), is_open_metrics, scrape_);
    else
      metadata_.set_unit(parser.family(), parser.text(), scrape_);
  }
}

Result<void> Target::State::read_series(TextParser& parser) {
  ++counts.scraped;
  if (parser.name().empty()) {
    run_facts_ = {};
    run_name_ = {};
  } else if (parser.name() != run_name_ || run_facts_.version != metadata_.version()) {
    run_name_ = parser.name();
    run_facts_ = facts_of(run_name_, false);
  }
  if (!run_facts_.is_wanted) {
    ++counts.unwanted;
    parser.skip();
    return {};
  }
  if (!parser.find_key()) return parser.error();
  const std::string_view key = parser.key();
  const XXH128_hash_t hash = XXH3_128bits_withSeed(key.data(), key.size(), options_.seed);
  const auto check = static_cast<std::uint32_t>(hash.high64);
  std::uint32_t line = known_line(hash.low64, check, run_facts_);
  if (line == none) {
    if (!parser.read_labels(labels_, page_arena_)) return parser.error();
    Result<std::uint32_t> learned = learn(hash.low64, check, labels_, false);
    if (!learned) return std::move(learned).error().during(parser.place());
    line = *learned;
  }
  if (!parser.read_sample()) return parser.error();
  if (line == none) {
    ++counts.misfits;
    return {};
  }
  const std::uint32_t exemplar = exemplar_of(parser, parser.has_time() ? parser.time_ms() : page_time_ms_);
  take(line, parser.value(), parser.has_time(), parser.time_ms(), exemplar);
  return {};
}

std::uint32_t Target::State::exemplar_of(TextParser& parser, std::int64_t sample_time_ms) {
  const TextParser::ExemplarText* text = parser.exemplar();
  if (text == nullptr) return none;
  PageExemplar& exemplar = exemplars_.emplace_back();
  parser.read_exemplar_labels(exemplar.labels, page_arena_);
  // Quoted names of exemplars are all that nothing has checked yet.
  std::erase_if(exemplar.labels, [](const Label& label) { return !otlp::is_utf8(label.name); });
  for (Label& label : exemplar.labels) label = {page_arena_.copy(label.name), page_arena_.copy(label.value)};
  exemplar.value = text->value;
  exemplar.time_ms = text->has_time ? text->time_ms : sample_time_ms;
  return static_cast<std::uint32_t>(exemplars_.size() - 1);
}

}  // namespace rankwire::exposition
