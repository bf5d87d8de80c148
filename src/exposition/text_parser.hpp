// A pull parser of Prometheus text 0.0.4 and OpenMetrics 1.0 text. It takes and refuses what Prometheus' own parsers
// do, with one exception that callers ask for: a series that is skipped, or whose key() is all that is looked at, may
// have any labels. Views point into the page; nothing is allocated for a series but the labels that are asked for.
#pragma once

#include "base/arena.hpp"
#include "base/error.hpp"
#include "exposition/labels.hpp"

namespace rankwire::exposition {

enum class FamilyType : std::uint8_t { unknown, counter, gauge, histogram, gauge_histogram, summary, info, stateset };
// As OpenMetrics calls it, without underscore: "gaugehistogram".
std::string_view to_string(FamilyType type);

enum class Entry : std::uint8_t { series, type, help, unit, end, error };

// `text` with its escapes undone: \\, \n and, unless `is_help` (of text 0.0.4), \". As it is, if it has none.
std::string_view unescaped(std::string_view text, Arena& arena, bool is_help = false);

class TextParser {
 public:
  TextParser(std::string_view page, bool is_open_metrics, std::uint32_t line_bytes_max);

  // What was not read of the series before is skipped.
  Entry next();

  // Of type, help and unit: the family's name, and of help and unit the text as written.
  std::string_view family() const { return name_; }
  std::string_view text() const { return text_; }
  // The last that a TYPE line said, whatever family that was of.
  FamilyType type() const { return type_; }

  // Of a series: its name in front of the braces; empty if it is within them.
  std::string_view name() const { return name_; }
  // The bytes up to the value, which are the same in every page. The labels are not checked, only their end is found.
  // False: they have none.
  bool find_key();
  std::string_view key() const { return key_; }
  // After find_key: all of them, the name too; checked. Values of `le` and `quantile` as Prometheus 3 writes them. New
  // text goes into `arena`.
  bool read_labels(Labels& to, Arena& arena);
  // After find_key: the rest of the line.
  bool read_sample();
  double value() const { return value_; }
  bool has_time() const { return has_time_; }
  std::int64_t time_ms() const { return time_ms_; }
  struct ExemplarText {
    std::string_view labels;  // Within the braces, checked.
    double value = 0;
    bool has_time = false;
    std::int64_t time_ms = 0;
  };
  // Null if the sample has none.
  const ExemplarText* exemplar() const { return has_exemplar_ ? &exemplar_ : nullptr; }
  void read_exemplar_labels(Labels& to, Arena& arena);
  void skip();

  // After `error`, or after a read that returned false.
  Error error() const;
  // "line 12": where the series began.
  std::string place() const;

 private:
  Entry next_text();
  Entry next_open_metrics();
  const char* series_name_end();
  Entry comment();
  Entry comment_end();
  Entry open_metrics_comment();
  Entry metadata(Entry entry, const char* at);
  bool set_type();
  bool unit_fits() const;
  const char* name_end(const char* at) const;
  const char* quoted_end(const char* at, bool may_break) const;
  const char* labels_end(const char* at) const;
  bool read_label_list(const char* at, const char* end, bool is_exemplar, Labels* to, Arena* arena);
  void add_label(std::string_view name, std::string_view value, Labels& to, Arena& arena);
  bool name_in_braces(std::string_view quoted, bool is_exemplar, Labels* to, Arena* arena);
  bool read_text_sample();
  bool read_open_metrics_sample();
  bool read_exemplar(const char* at);
  // A token of OpenMetrics: one space, then anything but space and line end. Null: there is none.
  const char* spaced_token(const char* at, std::string_view& token) const;
  bool seconds_to_ms(std::string_view token, std::int64_t& to);
  bool line_fits(const char* end);
  bool fail(const char* at, const char* reason);
  Entry refuse(const char* at, const char* reason);
  const char* skip_blanks(const char* at) const {
    while (at < end_ && (*at == ' ' || *at == '\t')) ++at;
    return at;
  }

  const std::string_view page_;
  const char* const end_;
  const bool is_open_metrics_;
  const std::uint32_t line_bytes_max_;
  const char* at_;                   // Where the next line, or the rest of this one, begins.
  const char* line_ = nullptr;       // Where the series begins.
  const char* labels_at_ = nullptr;  // Behind the brace; null: there are none.
  const char* labels_to_ = nullptr;  // At the brace that ends them.
  bool is_in_series_ = false;        // Something of it is unread.
  std::string_view name_, text_, key_;
  std::string_view last_name_;  // Of the series before: most have the same.
  FamilyType type_ = FamilyType::unknown;
  double value_ = 0;
  bool has_time_ = false, has_exemplar_ = false, has_name_ = false;
  std::int64_t time_ms_ = 0;
  ExemplarText exemplar_;
  const char* failed_at_ = nullptr;
  const char* reason_ = nullptr;
};

}  // namespace rankwire::exposition
