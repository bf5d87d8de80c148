// Labels of a line of text, taken apart and checked.
#include "exposition/number.hpp"
#include "exposition/text_parser.hpp"
#include "otlp/utf8.hpp"

namespace rankwire::exposition {

namespace {

bool is_label_byte(char c, bool is_first) {
  const unsigned letter = static_cast<unsigned char>(c | 0x20) - unsigned{'a'};
  return letter < 26 || c == '_' || (!is_first && static_cast<unsigned char>(c - '0') < 10u);
}

}  // namespace

bool TextParser::read_labels(Labels& to, Arena& arena) {
  to.clear();
  has_name_ = !name_.empty();
  if (has_name_) to.push_back({name_label, name_});
  if (labels_at_ != nullptr && !read_label_list(labels_at_, labels_to_, false, &to, &arena)) return false;
  if (!has_name_) return fail(line_, "no metric name");
  sort_labels(to);
  return true;
}

void TextParser::read_exemplar_labels(Labels& to, Arena& arena) {
  to.clear();
  const std::string_view text = exemplar_.labels;
  (void)read_label_list(text.data(), text.data() + text.size(), true, &to, &arena);
}

// A quoted text without `=` behind it is the metric's name.
bool TextParser::name_in_braces(std::string_view quoted, bool is_exemplar, Labels* to, Arena* arena) {
  if (is_exemplar || quoted[0] != '"') return fail(quoted.data() + quoted.size(), "expected =");
  if (has_name_) return fail(quoted.data(), "a second metric name");
  has_name_ = true;
  quoted = quoted.substr(1, quoted.size() - 2);
  to->push_back({name_label, unescaped(quoted, *arena)});
  return true;
}

// Without `to` they are only checked. `end` is the closing brace. Commas are optional in text 0.0.4.
bool TextParser::read_label_list(const char* at, const char* end, bool is_exemplar, Labels* to, Arena* arena) {
  const auto blanks = [&] {
    if (!is_open_metrics_)
      while (at < end && (*at == ' ' || *at == '\t')) ++at;
  };
  while (true) {
    blanks();
    if (at >= end) return true;
    const char* begin = at;
    if (*at == '"') {
      at = quoted_end(at, !is_exemplar);
      if (at == nullptr || at > end) return fail(begin, "a quote that nothing closes");
    } else {
      while (at < end && is_label_byte(*at, at == begin)) ++at;
      if (at == begin) return fail(at, "expected a label name");
    }
    std::string_view name(begin, static_cast<std::size_t>(at - begin));
    blanks();
    if (at >= end || *at == ',') {
      if (!name_in_braces(name, is_exemplar, to, arena)) return false;
      if (at < end) ++at;
      continue;
    }
    if (*at != '=') return fail(at, "expected =");
    ++at;
    blanks();
    if (at >= end || *at != '"') return fail(at, "expected a label value in quotes");
    begin = at;
    at = quoted_end(at, !is_open_metrics_);
    if (at == nullptr || at > end) return fail(begin, "a quote that nothing closes");
    const std::string_view value(begin + 1, static_cast<std::size_t>(at - begin) - 2);
    if (!otlp::is_utf8(value)) return fail(begin, "the label value is not valid UTF-8");
    if (name[0] == '"') name = name.substr(1, name.size() - 2);
    if (to != nullptr) add_label(name, value, *to, *arena);
    blanks();
    if (at < end && *at == ',')
      ++at;
    else if (at < end && is_open_metrics_)
      return fail(at, "expected a comma");
  }
}

void TextParser::add_label(std::string_view name, std::string_view value, Labels& to, Arena& arena) {
  name = unescaped(name, arena);
  value = unescaped(value, arena);
  if (value.empty()) return;
  double bound;
  const bool is_bound =
      (type_ == FamilyType::histogram && name == "le") || (type_ == FamilyType::summary && name == "quantile");
  if (is_bound && read_real(value, bound)) {
    char buffer[32];
    const std::string_view written = write_real(bound, buffer);
    if (written != value) value = arena.copy(written);
  }
  to.push_back({name, value});
}

}  // namespace rankwire::exposition
