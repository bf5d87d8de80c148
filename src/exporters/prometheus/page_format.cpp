#include "exporters/prometheus/page_format.hpp"

#include <algorithm>
#include <charconv>

#include "component/authentication.hpp"

namespace rankwire::prometheus_page {
namespace {

constexpr std::size_t choices_max = 64;  // Of a header; more are not looked at.

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each part between separators.
template <class Visit>
void split(std::string_view text, char separator, Visit visit) {
  for (std::size_t parts = 0; parts < choices_max; ++parts) {
    const std::size_t end = text.find(separator);
    visit(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

struct Choice {
  std::string_view type, version, proto, encoding, escaping;
  double weight = 1;
};

Choice choice_of(std::string_view text) {
  Choice choice;
  bool is_first = true;
  split(text, ';', [&](std::string_view part) {
    if (std::exchange(is_first, false)) {
      choice.type = part;
      return;
    }
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view key = trimmed(part.substr(0, equals));
    std::string_view value = trimmed(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (key == "version") choice.version = value;
    if (key == "proto") choice.proto = value;
    if (key == "encoding") choice.encoding = value;
    if (key == "escaping") choice.escaping = value;
    if (key == "q" && std::from_chars(value.data(), value.data() + value.size(), choice.weight).ec != std::errc())
      choice.weight = 0;
  });
  return choice;
}

std::optional<PageForm> form_of(const Choice& choice, bool has_open_metrics) {
  const auto is = [](std::string_view a, std::string_view b) { return is_same_header(a, b); };
  const auto is_version = [&](std::initializer_list<std::string_view> known) {
    return choice.version.empty() || std::find(known.begin(), known.end(), choice.version) != known.end();
  };
  if (is(choice.type, "application/vnd.google.protobuf") && choice.proto == "io.prometheus.client.MetricFamily" &&
      choice.encoding == "delimited")
    return PageForm::protobuf;
  if (has_open_metrics && is(choice.type, "application/openmetrics-text") && is_version({"0.0.1", "1.0.0"}))
    return PageForm::open_metrics;
  if ((is(choice.type, "text/plain") && is_version({"0.0.4", "1.0.0"})) || choice.type == "text/*" ||
      choice.type == "*/*")
    return PageForm::text;
  return {};
}

}  // namespace

std::string PageFormat::content_type() const {
  const std::string escaping = is_utf8 ? "; escaping=allow-utf-8" : "";
  switch (form) {
    case PageForm::text:
      return std::string("text/plain; version=") + (is_utf8 ? "1.0.0" : "0.0.4") + "; charset=utf-8" + escaping;
    case PageForm::open_metrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8" + escaping;
    case PageForm::protobuf: break;
  }
  return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited" + escaping;
}

PageFormat negotiate(std::string_view accept, bool has_open_metrics) {
  PageFormat best;
  double best_weight = 0;
  split(accept, ',', [&](std::string_view text) {
    const Choice choice = choice_of(text);
    const auto form = form_of(choice, has_open_metrics);
    if (!form || !(choice.weight > best_weight)) return;
    best_weight = choice.weight;
    best = {*form, choice.escaping == "allow-utf-8"};
  });
  return best;
}

bool takes_gzip(std::string_view accept_encoding) {
  bool takes = false;
  split(accept_encoding, ',', [&](std::string_view text) {
    const Choice choice = choice_of(text);
    if ((is_same_header(choice.type, "gzip") || choice.type == "*") && choice.weight > 0) takes = true;
  });
  return takes;
}

bool is_classic_name(std::string_view name, bool is_label) {
  const auto is_fine = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == ':' && !is_label);
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), is_fine);
}

std::string escaped_name(std::string_view name, bool is_label) {
  std::string escaped;
  for (const char c : name) {
    if ((c & 0xc0) == 0x80) continue;  // The character's first byte has become the underscore.
    const bool is_digit_in_front = escaped.empty() && c >= '0' && c <= '9';
    escaped += !is_digit_in_front && is_classic_name(std::string("_") + c, is_label) ? c : '_';
  }
  return escaped;
}

std::vector<ShownLabel> unpacked(std::string_view labels, bool is_utf8) {
  std::vector<ShownLabel> all;
  bool is_in_order = true;
  while (!labels.empty()) {
    const std::size_t middle = labels.find(after_name), end = labels.find(after_value);
    const std::string_view name = labels.substr(0, middle);
    const std::string_view value = labels.substr(middle + 1, end - middle - 1);
    const bool is_escaped = !is_utf8 && !is_classic_name(name, true);
    is_in_order = is_in_order && !is_escaped;
    all.push_back({is_escaped ? escaped_name(name, true) : std::string(name), std::string(value)});
    labels.remove_prefix(end + 1);
  }
  if (is_in_order) return all;
  std::stable_sort(all.begin(), all.end(), [](const ShownLabel& a, const ShownLabel& b) { return a.name < b.name; });
  std::vector<ShownLabel> merged;
  for (ShownLabel& label : all)
    if (!merged.empty() && merged.back().name == label.name)
      merged.back().value += ";" + label.value;
    else
      merged.push_back(std::move(label));
  return merged;
}

std::string write_page(const std::vector<FamilyRows>& rows, const NameClaims& claims, const PageOptions& options) {
  if (options.format.form == PageForm::protobuf) return write_protobuf(rows, options);
  return write_text(rows, claims, options);
}

}  // namespace rankwire::prometheus_page
