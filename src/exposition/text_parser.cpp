#include "exposition/text_parser.hpp"

#include <charconv>
#include <cmath>

#include "exposition/byte_scan.hpp"
#include "exposition/number.hpp"
#include "otlp/utf8.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::string_view type_names[] = {"unknown",        "counter", "gauge", "histogram",
                                           "gaugehistogram", "summary", "info",  "stateset"};

bool is_name_byte(char c) {
  const unsigned letter = static_cast<unsigned char>(c | 0x20) - unsigned{'a'};
  return letter < 26 || static_cast<unsigned char>(c - '0') < 10u || c == '_' || c == ':';
}
bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10u; }

// Prometheus reads numbers of its text formats as Go did before 1.13: neither binary exponents nor underscores.
bool read_value(std::string_view token, double& to) { return read_real(token, to); }

}  // namespace

std::string_view to_string(FamilyType type) { return type_names[static_cast<std::size_t>(type)]; }

std::string_view unescaped(std::string_view text, Arena& arena, bool is_help) {
  const std::size_t first = text.find('\\');
  if (first == std::string_view::npos) return text;
  char* out = static_cast<char*>(arena.allocate(text.size(), 1));
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == '\\' || next == 'n' || (next == '"' && !is_help)) {
        out[size++] = next == 'n' ? '\n' : next;
        ++i;
        continue;
      }
    }
    out[size++] = text[i];
  }
  return {out, size};
}

TextParser::TextParser(std::string_view page, bool is_open_metrics, std::uint32_t line_bytes_max)
    : page_(page),
      end_(page.data() + page.size()),
      is_open_metrics_(is_open_metrics),
      line_bytes_max_(line_bytes_max),
      at_(page.data()) {}

bool TextParser::fail(const char* at, const char* reason) {
  failed_at_ = at;
  reason_ = reason;
  at_ = end_;
  is_in_series_ = false;
  return false;
}

Entry TextParser::refuse(const char* at, const char* reason) {
  fail(at, reason);
  return Entry::error;
}

Error TextParser::error() const {
  const std::string_view before = page_.substr(0, static_cast<std::size_t>(failed_at_ - page_.data()));
  const std::size_t line_begin = before.rfind('\n') + 1;
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  std::string message = "line " + std::to_string(line) + ", column " + std::to_string(before.size() - line_begin + 1);
  message.append(": ").append(reason_);
  return Error(reason_ == std::string_view("the line is too long") ? ErrorKind::too_large : ErrorKind::invalid,
               std::move(message));
}

std::string TextParser::place() const { return "line " + std::to_string(1 + std::count(page_.data(), line_, '\n')); }

bool TextParser::line_fits(const char* end) {
  return end - line_ <= static_cast<std::ptrdiff_t>(line_bytes_max_) || fail(line_, "the line is too long");
}

const char* TextParser::name_end(const char* at) const {
  if (at >= end_ || !is_name_byte(*at) || is_digit(*at)) return at;
  while (at < end_ && is_name_byte(*at)) ++at;
  return at;
}

const char* TextParser::series_name_end() {
  const std::size_t size = last_name_.size();
  if (size != 0 && static_cast<std::size_t>(end_ - at_) > size && !is_name_byte(at_[size]) &&
      std::memcmp(at_, last_name_.data(), size) == 0)
    return at_ + size;
  return name_end(at_);
}

// `at` stands on the quote. The byte behind the closing one, or null.
const char* TextParser::quoted_end(const char* at, bool may_break) const {
  for (++at; at < end_; ++at) {
    if (*at == '"') return at + 1;
    if (*at == '\\' && (++at >= end_ || *at == '\n')) return nullptr;
    if (*at == '\n' && !may_break) return nullptr;
  }
  return nullptr;
}

Entry TextParser::next() {
  if (reason_ != nullptr) return Entry::error;
  if (is_in_series_) {
    skip();
    if (reason_ != nullptr) return Entry::error;
  }
  return is_open_metrics_ ? next_open_metrics() : next_text();
}

Entry TextParser::next_text() {
  while (true) {
    at_ = skip_blanks(at_);
    if (at_ >= end_ || *at_ == '\0') return Entry::end;
    line_ = at_;
    if (*at_ == '\n') {
      ++at_;
    } else if (*at_ == '#') {
      const Entry entry = comment();
      if (entry != Entry::series) return entry;
    } else {
      const char* after = series_name_end();
      if (after == at_ && *at_ != '{') return refuse(at_, "expected a metric name, a comment or an empty line");
      name_ = last_name_ = {at_, static_cast<std::size_t>(after - at_)};
      at_ = after;
      is_in_series_ = true;
      return Entry::series;
    }
  }
}

// Entry::series: it was a comment and nothing else.
Entry TextParser::comment() {
  const char* at = at_ + 1;
  if (at < end_ && (*at == ' ' || *at == '\t')) {
    at = skip_blanks(at);
    const std::string_view rest(at, static_cast<std::size_t>(end_ - at));
    const bool is_help = rest.starts_with("HELP"), is_type = rest.starts_with("TYPE");
    if ((is_help || is_type) && rest.size() > 4 && (rest[4] == ' ' || rest[4] == '\t'))
      return metadata(is_help ? Entry::help : Entry::type, skip_blanks(at + 4));
  }
  at_ = at;
  return comment_end();
}

Entry TextParser::comment_end() {
  const auto* line_end = static_cast<const char*>(std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)));
  if (line_end == nullptr) line_end = end_;
  if (std::memchr(at_, '\0', static_cast<std::size_t>(line_end - at_)) != nullptr) return Entry::end;
  at_ = line_end;
  return Entry::series;
}

// `at` stands where the family's name should.
Entry TextParser::metadata(Entry entry, const char* at) {
  const bool is_quoted = at < end_ && *at == '"';
  const char* after = is_quoted ? quoted_end(at, true) : name_end(at);
  if (after == nullptr || after == at) return refuse(at, "expected a metric name");
  name_ = is_quoted ? std::string_view(at + 1, static_cast<std::size_t>(after - at) - 2)
                    : std::string_view(at, static_cast<std::size_t>(after - at));
  const auto* line_end = static_cast<const char*>(std::memchr(after, '\n', static_cast<std::size_t>(end_ - after)));
  if (is_open_metrics_ && (line_end == nullptr || *after != ' ')) return refuse(after, "expected a space and a text");
  if (line_end == nullptr) line_end = end_;
  text_ = {after, static_cast<std::size_t>(line_end - after)};
  // The byte behind the name separates, whatever it is.
  if (!text_.empty()) text_.remove_prefix(1);
  if (!is_open_metrics_ && skip_blanks(after) == line_end) text_ = {};
  if (!line_fits(line_end)) return Entry::error;
  if (entry == Entry::help && !otlp::is_utf8(text_)) return refuse(after, "the help is not valid UTF-8");
  if (entry == Entry::type && !set_type()) return refuse(text_.data(), "not a metric type");
  if (entry == Entry::unit && !unit_fits()) return refuse(text_.data(), "the unit is not the end of the metric's name");
  at_ = line_end < end_ ? line_end + 1 : end_;
  return entry;
}

bool TextParser::set_type() {
  if (!is_open_metrics_) {
    type_ = FamilyType::unknown;
    if (text_ == "untyped") return true;
  }
  for (std::size_t i = 0; i < std::size(type_names); ++i) {
    if (text_ != type_names[i]) continue;
    type_ = static_cast<FamilyType>(i);
    return is_open_metrics_ || (type_ != FamilyType::unknown && type_ != FamilyType::gauge_histogram &&
                                type_ != FamilyType::info && type_ != FamilyType::stateset);
  }
  return false;
}

bool TextParser::unit_fits() const {
  if (text_.empty()) return true;
  return name_.size() > text_.size() && name_.ends_with(text_) && name_[name_.size() - text_.size() - 1] == '_';
}

Entry TextParser::next_open_metrics() {
  line_ = at_;
  if (at_ >= end_) return refuse(at_, "the page does not end with # EOF");
  if (*at_ == '#') return open_metrics_comment();
  const char* after = series_name_end();
  if (after == at_ && *at_ != '{') return refuse(at_, "expected a metric name or # HELP, # TYPE, # UNIT or # EOF");
  name_ = last_name_ = {at_, static_cast<std::size_t>(after - at_)};
  at_ = after;
  is_in_series_ = true;
  return Entry::series;
}

Entry TextParser::open_metrics_comment() {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  if (rest.starts_with("# HELP ")) return metadata(Entry::help, at_ + 7);
  if (rest.starts_with("# TYPE ")) return metadata(Entry::type, at_ + 7);
  if (rest.starts_with("# UNIT ")) return metadata(Entry::unit, at_ + 7);
  if (!rest.starts_with("# EOF")) return refuse(at_, "expected # HELP, # TYPE, # UNIT or # EOF");
  if (rest.size() > 5 && rest != "# EOF\n") return refuse(at_ + 5, "something follows # EOF");
  at_ = end_;
  return Entry::end;
}

bool TextParser::find_key() {
  const char* at = is_open_metrics_ ? at_ : skip_blanks(at_);
  labels_at_ = nullptr;
  const char* key_end = at_;
  if (at < end_ && *at == '{') {
    labels_at_ = at + 1;
    labels_to_ = closing_brace(labels_at_, end_);
    if (labels_to_ == nullptr) return fail(at, "a brace that nothing closes");
    key_end = labels_to_ + 1;
  }
  at_ = key_end;
  key_ = {line_, static_cast<std::size_t>(key_end - line_)};
  return line_fits(key_end);
}

void TextParser::skip() {
  if (key_.data() != line_ && !find_key()) return;
  is_in_series_ = false;
  const auto* line_end = static_cast<const char*>(std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)));
  at_ = line_end == nullptr ? end_ : line_end + 1;
}

bool TextParser::read_sample() {
  has_time_ = has_exemplar_ = false;
  is_in_series_ = false;
  return (is_open_metrics_ ? read_open_metrics_sample() : read_text_sample()) && line_fits(at_);
}

bool TextParser::read_text_sample() {
  const char* begin = skip_blanks(at_);
  const char* at = begin;
  while (at < end_ && *at != ' ' && *at != '\n' && *at != '\t' && *at != '{' && *at != '\0') ++at;
  if (!read_value({begin, static_cast<std::size_t>(at - begin)}, value_)) return fail(begin, "expected a number");
  at = skip_blanks(at);
  if (at < end_ && is_digit(*at)) {
    const auto [after, problem] = std::from_chars(at, end_, time_ms_);
    if (problem != std::errc()) return fail(at, "the timestamp is too large");
    has_time_ = true;
    at = skip_blanks(after);
  }
  if (at < end_ && *at != '\n') return fail(at, has_time_ ? "expected the end of the line" : "expected a timestamp");
  at_ = at < end_ ? at + 1 : end_;
  return true;
}

const char* TextParser::spaced_token(const char* at, std::string_view& token) const {
  if (at >= end_ || *at != ' ') return nullptr;
  const char* begin = ++at;
  while (at < end_ && *at != ' ' && *at != '\n') ++at;
  token = {begin, static_cast<std::size_t>(at - begin)};
  return token.empty() ? nullptr : at;
}

bool TextParser::seconds_to_ms(std::string_view token, std::int64_t& to) {
  double seconds;
  if (!read_value(token, seconds) || !std::isfinite(seconds))
    return fail(token.data(), "the timestamp is not a number");
  // No page is refused for a time that nothing can hold; it becomes the last one that can be.
  to = static_cast<std::int64_t>(std::clamp(seconds * 1000, -9.2e18, 9.2e18));
  return true;
}

bool TextParser::read_open_metrics_sample() {
  std::string_view token;
  const char* at = spaced_token(at_, token);
  if (at == nullptr) return fail(at_, "expected a space and a number");
  if (!read_value(token, value_)) return fail(token.data(), "expected a number");
  const auto has_exemplar = [&] { return end_ - at >= 4 && std::memcmp(at, " # {", 4) == 0; };
  if (!has_exemplar() && at < end_ && *at != '\n') {
    const char* begin = at;
    at = spaced_token(at, token);
    if (at == nullptr) return fail(begin, "expected a timestamp, an exemplar or the end of the line");
    if (!seconds_to_ms(token, time_ms_)) return false;
    has_time_ = true;
  }
  if (has_exemplar()) return read_exemplar(at + 4);
  if (at >= end_) return fail(at, "the page does not end with # EOF");
  if (*at != '\n') return fail(at, "expected an exemplar or the end of the line");
  at_ = at + 1;
  return true;
}

bool TextParser::read_exemplar(const char* at) {
  const char* brace = closing_brace(at, end_);
  if (brace == nullptr) return fail(at, "a brace that nothing closes");
  if (!read_label_list(at, brace, true, nullptr, nullptr)) return false;
  exemplar_ = {{at, static_cast<std::size_t>(brace - at)}, 0, false, 0};
  std::string_view token;
  at = spaced_token(brace + 1, token);
  if (at == nullptr) return fail(brace + 1, "expected a space and the exemplar's value");
  if (!read_value(token, exemplar_.value)) return fail(token.data(), "expected a number");
  if (at < end_ && *at != '\n') {
    const char* begin = at;
    at = spaced_token(at, token);
    if (at == nullptr) return fail(begin, "expected the exemplar's timestamp or the end of the line");
    if (!seconds_to_ms(token, exemplar_.time_ms)) return false;
    exemplar_.has_time = true;
  }
  if (at >= end_) return fail(at, "the page does not end with # EOF");
  if (*at != '\n') return fail(at, "expected the end of the line");
  at_ = at + 1;
  return has_exemplar_ = true;
}

}  // namespace rankwire::exposition
