#include "exposition/page_protobuf.hpp"

#include <cmath>

#include "otlp/utf8.hpp"

namespace rankwire::exposition {

namespace {

using otlp::WireReader;

constexpr FamilyType family_types[] = {FamilyType::counter, FamilyType::gauge,     FamilyType::summary,
                                       FamilyType::unknown, FamilyType::histogram, FamilyType::gauge_histogram};

}  // namespace

Result<void> PageProtobuf::read() {
  const char* at = page_.data();
  const char* const end = at + page_.size();
  while (at < end && !error_ && failure_.reason == nullptr) {
    std::uint64_t size;
    const char* after = otlp::read_varint(at, end, size);
    if (after == nullptr || size > static_cast<std::uint64_t>(end - after)) {
      failure_.set(at, "a truncated message");
      break;
    }
    family({after, static_cast<std::size_t>(size)});
    at = after + size;
  }
  if (error_) return std::move(*error_).during("a series of " + std::string(family_name_));
  if (failure_.reason == nullptr) return {};
  return Error(ErrorKind::invalid, "byte " + std::to_string(failure_.at - page_.data()) + " of " +
                                       std::to_string(page_.size()) + ": " + failure_.reason);
}

bool PageProtobuf::family(std::string_view bytes) {
  std::string_view help, unit;
  std::uint64_t type = 0;
  bool has_metrics = false;
  family_name_ = {};
  WireReader header(bytes, failure_);
  while (header.next()) switch (header.tag()) {
      case length(1): family_name_ = header.bytes(); break;
      case length(2): help = header.bytes(); break;
      case varint(3): type = header.varint(); break;
      case length(5): unit = header.bytes(); break;
      default: has_metrics |= header.tag() == length(4); header.step_over();
    }
  if (!header.ok()) return false;
  if (!has_metrics) return true;
  if (family_name_.empty() || !otlp::is_utf8(family_name_)) return refuse("a metric name that is empty or not UTF-8");
  if (!otlp::is_utf8(help)) return refuse("a help text that is not UTF-8");
  if (type > 5) return refuse("an unknown metric type");
  type_ = static_cast<ProtoType>(type);
  const bool is_wanted = state_.is_family_wanted(family_name_);
  if (is_wanted) {
    state_.metadata_.set_type(family_name_, family_types[type], state_.scrape_);
    state_.metadata_.set_help(family_name_, help, false, state_.scrape_);
    if (!unit.empty() && otlp::is_utf8(unit)) state_.metadata_.set_unit(family_name_, unit, state_.scrape_);
  }
  for (std::size_t i = 0; i < suffixes.size(); ++i) {
    names_[i].assign(family_name_).append(suffixes[i]);
    facts_[i] = state_.facts_of(names_[i], false);
  }
  native_facts_ = state_.facts_of(family_name_, true);
  WireReader in(bytes, failure_);
  while (in.next()) {
    if (in.tag() != length(4)) {
      in.step_over();
    } else if (const std::string_view message = in.bytes(); in.ok() && !is_wanted) {
      ++state_.counts.scraped;
      ++state_.counts.unwanted;
    } else if (in.ok() && !metric(message)) {
      return false;
    }
  }
  return in.ok();
}

void PageProtobuf::find_labels(std::string_view bytes) {
  const std::uint64_t seed = state_.options_.seed;
  hash_ = XXH3_128bits_withSeed(family_name_.data(), family_name_.size(), seed);
  label_messages_.clear();
  otlp::Failure ignored;
  WireReader in(bytes, ignored);
  while (in.next()) {
    if (in.tag() != length(1)) {
      in.step_over();
      continue;
    }
    const std::string_view message = in.bytes();
    label_messages_.push_back(message);
    const XXH128_hash_t more = XXH3_128bits_withSeed(message.data(), message.size(), seed);
    hash_.low64 = (hash_.low64 ^ more.low64) * 0x9e3779b97f4a7c15 + 1;
    hash_.high64 = (hash_.high64 ^ more.high64) * 0xbf58476d1ce4e5b9 + 1;
    hash_.low64 ^= hash_.low64 >> 31;
    hash_.high64 ^= hash_.high64 >> 29;
  }
}

bool PageProtobuf::metric(std::string_view bytes) {
  find_labels(bytes);
  time_ms_ = 0;
  has_created_ = false;
  std::string_view gauge, counter_message, summary_message, untyped, histogram_message;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case length(2): gauge = in.bytes(); break;
      case length(3): counter_message = in.bytes(); break;
      case length(4): summary_message = in.bytes(); break;
      case length(5): untyped = in.bytes(); break;
      case length(7): histogram_message = in.bytes(); break;
      case varint(6): time_ms_ = static_cast<std::int64_t>(in.varint()); break;
      default: in.step_over();
    }
  if (!in.ok()) return false;
  double value = 0;
  switch (type_) {
    case ProtoType::counter: return counter(counter_message);
    case ProtoType::gauge: return value_of_message(gauge, value) && sample(whole, value);
    case ProtoType::untyped: return value_of_message(untyped, value) && sample(whole, value);
    case ProtoType::summary: return summary(summary_message);
    default: return histogram(histogram_message);
  }
}

bool PageProtobuf::value_of_message(std::string_view bytes, double& to) {
  WireReader in(bytes, failure_);
  while (in.next()) {
    if (in.tag() == fixed64(1))
      to = in.real();
    else
      in.step_over();
  }
  return in.ok();
}

bool PageProtobuf::counter(std::string_view bytes) {
  double value = 0;
  std::uint32_t exemplars = none;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case fixed64(1): value = in.real(); break;
      case length(2):
        if (!exemplar(in.bytes(), false, exemplars)) return false;
        break;
      case length(3): has_created_ = timestamp(in.bytes(), created_ms_); break;
      default: in.step_over();
    }
  return in.ok() && sample(whole, value, exemplars);
}

bool PageProtobuf::timestamp(std::string_view bytes, std::int64_t& ms) {
  std::int64_t seconds = 0, nanos = 0;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case varint(1): seconds = static_cast<std::int64_t>(in.varint()); break;
      case varint(2): nanos = static_cast<std::int32_t>(in.varint()); break;
      default: in.step_over();
    }
  constexpr std::int64_t seconds_max = std::int64_t{1} << 50;
  ms = std::clamp(seconds, -seconds_max, seconds_max) * 1000 + nanos / 1'000'000;
  return in.ok();
}

bool PageProtobuf::label(std::string_view bytes, Labels& to, bool must_copy) {
  Label made;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case length(1): made.name = in.bytes(); break;
      case length(2): made.value = in.bytes(); break;
      default: in.step_over();
    }
  if (must_copy) made = {state_.page_arena_.copy(made.name), state_.page_arena_.copy(made.value)};
  to.push_back(made);
  return in.ok();
}

// Adds to the list that `first` begins; what has no time, if it needs one, is left out.
bool PageProtobuf::exemplar(std::string_view bytes, bool needs_time, std::uint32_t& first) {
  PageExemplar made;
  bool has_time = false;
  made.time_ms = time_ms_ != 0 && state_.options_.honors_timestamps ? time_ms_ : state_.page_time_ms_;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case length(1):
        if (!label(in.bytes(), made.labels, true)) return false;
        break;
      case fixed64(2): made.value = in.real(); break;
      case length(3): has_time = timestamp(in.bytes(), made.time_ms); break;
      default: in.step_over();
    }
  if (!in.ok()) return false;
  if (needs_time && !has_time) return true;
  for (const Label& label : made.labels)
    if (!otlp::is_utf8(label.name) || !otlp::is_utf8(label.value)) return refuse("an exemplar's label is not UTF-8");
  made.next = first;
  first = static_cast<std::uint32_t>(state_.exemplars_.size());
  state_.exemplars_.push_back(std::move(made));
  return true;
}

bool PageProtobuf::summary(std::string_view bytes) {
  std::uint64_t samples = 0;
  double total = 0;
  histogram_.buckets.clear();
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case varint(1): samples = in.varint(); break;
      case fixed64(2): total = in.real(); break;
      case length(3): histogram_.buckets.push_back(in.bytes()); break;
      case length(4): has_created_ = timestamp(in.bytes(), created_ms_); break;
      default: in.step_over();
    }
  if (!in.ok() || !sample(count, static_cast<double>(samples)) || !sample(sum, total)) return false;
  for (const std::string_view message : histogram_.buckets) {
    double quantile = 0, value = 0;
    WireReader part(message, failure_);
    while (part.next()) switch (part.tag()) {
        case fixed64(1): quantile = part.real(); break;
        case fixed64(2): value = part.real(); break;
        default: part.step_over();
      }
    if (!part.ok() || !sample(whole, value, none, "quantile", quantile)) return false;
  }
  return true;
}

bool PageProtobuf::sample(Suffix suffix, double value, std::uint32_t extra, std::string_view bound_label, double bound,
                          bool is_native) {
  ++state_.counts.scraped;
  const NameFacts& facts = is_native ? native_facts_ : facts_[suffix];
  if (!facts.is_wanted) {
    ++state_.counts.unwanted;
    return true;
  }
  // What is called NaN in a page is never the mark of a series' end.
  if (std::isnan(value)) value = std::bit_cast<double>(normal_nan_bits);
  const std::uint64_t part = static_cast<std::uint64_t>(suffix) << 1 | is_native;
  const std::uint64_t key =
      (std::bit_cast<std::uint64_t>(bound) ^ part << 52 ^ (bound_label.empty() ? 0 : 1) << 4) * 0x94d049bb133111eb;
  const std::uint64_t hash = (hash_.low64 ^ key) * 0x9e3779b97f4a7c15 ^ key >> 32;
  const auto check = static_cast<std::uint32_t>((hash_.high64 ^ key) >> 32);
  std::uint32_t line = state_.known_line(hash, check, facts);
  if (line == none) {
    Labels& labels = state_.labels_;
    labels.clear();
    for (const std::string_view message : label_messages_)
      if (!label(message, labels, false)) return false;
    labels.push_back({name_label, names_[suffix]});
    char buffer[32];
    if (!bound_label.empty()) labels.push_back({bound_label, state_.page_arena_.copy(write_real(bound, buffer))});
    sort_labels(labels);
    state_.run_name_ = names_[suffix];
    Result<std::uint32_t> learned = state_.learn(hash, check, labels, is_native);
    if (!learned) {
      error_ = std::move(learned).error();
      return false;
    }
    line = *learned;
  }
  if (line == none) {
    ++state_.counts.misfits;
    return true;
  }
  state_.take(line, value, time_ms_ != 0, time_ms_, extra);
  const std::uint32_t group = state_.table_->lines[line].group;
  if (has_created_ && group != none) {
    state_.table_->groups[group].created_seen = state_.scrape_;
    state_.table_->groups[group].created_seconds = static_cast<double>(created_ms_) / 1000;
  }
  return true;
}

Result<void> Target::State::read_protobuf(std::string_view page) { return PageProtobuf(*this, page).read(); }

}  // namespace rankwire::exposition
