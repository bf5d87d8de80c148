// Text 0.0.4 and OpenMetrics 1.0. A native histogram has no form there but its count, its sum and the bucket of all.
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "exporters/prometheus/page_format.hpp"

namespace rankwire::prometheus_page {
namespace {

using series::FamilyType;

class TextWriter {
 public:
  TextWriter(const NameClaims& claims, const PageOptions& options)
      : claims_(claims),
        options_(options),
        is_open_(options.format.form == PageForm::open_metrics),
        is_utf8_(options.format.is_utf8) {}

  void family(const FamilyRows& rows) {
    const ShownFamily& family = *rows.family;
    name_ = is_utf8_ || is_classic_name(family.name, false) ? family.name : escaped_name(family.name, false);
    head(family);
    for (const ShownSeries* each : rows.series) series(*each, family.type);
  }

  std::string take() {
    if (is_open_) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  void head(const ShownFamily& family) {
    std::string_view type = type_name(family.type);
    std::string name = name_;
    has_exemplars_ = is_open_;
    // OpenMetrics names these families without the suffix that their samples must have.
    if (is_open_ && (family.type == FamilyType::counter || family.type == FamilyType::info)) {
      const std::string_view suffix = family.type == FamilyType::counter ? "_total" : "_info";
      const bool has_suffix = name.size() > suffix.size() && name.ends_with(suffix);
      const std::string base = has_suffix ? name.substr(0, name.size() - suffix.size()) : name;
      if (has_suffix && !claims_.has(base)) {
        name = base;
      } else {
        type = "unknown";
        has_exemplars_ = false;
      }
    }
    if (!family.help.empty()) line("HELP", name, family.help);
    line("TYPE", name, type);
    if (is_open_ && !family.unit.empty() && name.ends_with("_" + family.unit)) line("UNIT", name, family.unit);
  }

  std::string_view type_name(FamilyType type) const {
    switch (type) {
      case FamilyType::counter: return "counter";
      case FamilyType::histogram: return "histogram";
      case FamilyType::summary: return "summary";
      case FamilyType::info: return is_open_ ? "info" : "gauge";
      case FamilyType::gauge: return "gauge";
      case FamilyType::unknown:
      case FamilyType::gauge_histogram: break;
    }
    return is_open_ ? "unknown" : "untyped";
  }

  void line(std::string_view what, std::string_view name, std::string_view text) {
    out_.append("# ").append(what).append(1, ' ');
    if (is_classic_name(name, false))
      out_ += name;
    else
      quoted(name);
    out_ += ' ';
    escaped(text, what == "HELP" && is_open_);
    out_ += '\n';
  }

  void series(const ShownSeries& shown, FamilyType type) {
    labels_ = unpacked(shown.labels, is_utf8_);
    if (!shown.distribution) {
      const ShownExemplar* exemplar = shown.exemplars.empty() ? nullptr : &shown.exemplars.front();
      return sample("", {}, shown.value, shown, exemplar);
    }
    const ShownDistribution& all = *shown.distribution;
    if (type == FamilyType::summary) {
      for (std::size_t i = 0; i < all.bounds.size(); ++i)
        sample("", {"quantile", bound_text(all.bounds[i])}, all.values[i], shown);
    } else {
      double lower = -INFINITY;
      for (std::size_t i = 0; i <= all.bounds.size(); ++i) {
        const bool is_last = i == all.bounds.size();
        const double bound = is_last ? INFINITY : all.bounds[i];
        const ShownExemplar* found = nullptr;
        for (const ShownExemplar& each : shown.exemplars)
          if (each.value > lower && each.value <= bound) found = &each;
        sample("_bucket", {"le", bound_text(bound)}, static_cast<double>(is_last ? all.count : all.counts[i]), shown,
               found);
        lower = bound;
      }
    }
    if (all.sum.is_set) sample("_sum", {}, all.sum.value, shown);
    sample("_count", {}, static_cast<double>(all.count), shown);
  }

  void sample(std::string_view suffix, const ShownLabel& further, double value, const ShownSeries& shown,
              const ShownExemplar* exemplar = nullptr) {
    const bool is_classic = is_classic_name(name_, false);
    if (is_classic) out_.append(name_).append(suffix);
    bool is_open = false;
    const auto separate = [&] { out_ += std::exchange(is_open, true) ? ',' : '{'; };
    if (!is_classic) {
      separate();
      quoted(name_ + std::string(suffix));
    }
    const auto label = [&](const ShownLabel& one) {
      separate();
      if (is_classic_name(one.name, true))
        out_ += one.name;
      else
        quoted(one.name);
      out_ += '=';
      quoted(one.value);
    };
    for (const ShownLabel& one : labels_)
      if (one.name != further.name) label(one);
    if (!further.name.empty()) label(further);
    if (is_open) out_ += '}';
    out_ += ' ';
    number(value);
    if (options_.has_timestamps) time(static_cast<std::int64_t>(shown.time_nanos / 1'000'000));
    if (exemplar != nullptr && has_exemplars_) add(*exemplar);
    out_ += '\n';
  }

  void add(const ShownExemplar& exemplar) {
    out_ += " # {";
    bool is_first = true;
    for (const ShownLabel& one : unpacked(exemplar.labels, false)) {
      if (!std::exchange(is_first, false)) out_ += ',';
      out_.append(one.name).append(1, '=');
      quoted(one.value);
    }
    out_ += "} ";
    number(exemplar.value);
    if (exemplar.time_millis != 0) time(exemplar.time_millis);
  }

  // Milliseconds; OpenMetrics has seconds.
  void time(std::int64_t millis) {
    out_ += ' ';
    if (!is_open_) {
      out_ += std::to_string(millis);
      return;
    }
    const std::string rest = std::to_string(1000 + millis % 1000);
    out_.append(std::to_string(millis / 1000)).append(1, '.').append(rest, 1, 3);
  }

  void number(double value) {
    if (std::isnan(value)) {
      out_ += "NaN";
    } else if (std::isinf(value)) {
      out_ += value > 0 ? "+Inf" : "-Inf";
    } else {
      char text[32];
      out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    }
  }

  // As Go's client library prints it, so that the series are the same ones: 0.5, 1e+06; in OpenMetrics 1.0.
  std::string bound_text(double bound) const {
    if (std::isnan(bound)) return "NaN";
    if (std::isinf(bound)) return bound > 0 ? "+Inf" : "-Inf";
    char text[64];
    std::string made(text, std::to_chars(text, text + sizeof text, bound, std::chars_format::scientific).ptr);
    const int exponent = std::atoi(made.c_str() + made.find('e') + 1);
    if (exponent >= -4 && exponent < 6)
      made.assign(text, std::to_chars(text, text + sizeof text, bound, std::chars_format::fixed).ptr);
    if (is_open_ && made.find_first_of(".e") == std::string::npos) made += ".0";
    return made;
  }

  void escaped(std::string_view text, bool are_quotes_escaped) {
    for (const char c : text) {
      if (c == '\n') {
        out_ += "\\n";
        continue;
      }
      if (c == '\\' || (c == '"' && are_quotes_escaped)) out_ += '\\';
      out_ += c;
    }
  }

  void quoted(std::string_view text) {
    out_ += '"';
    escaped(text, true);
    out_ += '"';
  }

  const NameClaims& claims_;
  const PageOptions& options_;
  const bool is_open_, is_utf8_;
  std::string out_;
  std::string name_;  // Of the family, as the next.
  bool has_exemplars_ = false;
  std::vector<ShownLabel> labels_;  // Of the series.
};

}  // namespace

std::string write_text(const std::vector<FamilyRows>& rows, const NameClaims& claims, const PageOptions& options) {
  TextWriter writer(claims, options);
  for (const FamilyRows& each : rows) writer.family(each);
  return writer.take();
}

}  // namespace rankwire::prometheus_page
