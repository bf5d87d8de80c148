// The parser of one file. Plain lines and container lines without further operators take a path
// with no allocation per record: bodies are views into the tailer's buffer, attributes are shared.
#pragma once

#include <memory>

#include "receivers/file_log/file_parser.hpp"
#include "receivers/file_log/parse/attribute_block.hpp"
#include "receivers/file_log/parse/container_joiner.hpp"
#include "receivers/file_log/parse/header.hpp"
#include "receivers/file_log/parse/line_plan.hpp"
#include "receivers/file_log/parse/operators/operator.hpp"
#include "receivers/file_log/parse/record_sink.hpp"

namespace rankwire::file_log {

class LineParser final : public FileParser {
 public:
  LineParser(std::shared_ptr<const LinePlan> plan, FileFacts facts);

  std::size_t parse(std::string_view data, std::uint64_t offset, bool is_end, LogBatch& out) override;
  std::optional<std::uint64_t> held_from() const override;
  std::optional<Instant> flush_due() const override;
  std::size_t flush(Instant now, std::string_view untaken, std::uint64_t offset, LogBatch& out) override;
  void continue_from(FileParser& previous) override;
  Drops take_drops() override;
  bool is_replaceable() const override;

 private:
  std::size_t parse_header(std::string_view data, std::uint64_t offset, bool is_end);
  void begin(LogBatch& out, std::size_t size);
  void end();
  // A new record: in the batch, or on its way through the operators until `finish`.
  LogRecord& new_record();
  void finish(std::uint64_t offset);
  std::size_t cut_lines(std::string_view data, std::uint64_t offset);
  std::size_t cut_entries(std::string_view data, std::uint64_t offset, bool is_end);
  std::size_t cut_long_line(std::string_view data, std::uint64_t offset);
  std::size_t piece_size(std::string_view text) const;
  std::size_t skip_rest_of_line(std::string_view data);
  void take_raw(std::string_view raw, std::uint64_t offset);
  void take_line(std::string_view line, std::uint64_t offset);
  void take_container_line(std::string_view line, std::uint64_t offset);
  // A whole CRI line as runtimes write them; false, and nothing done, if it is anything else.
  bool take_usual_line(const char* line, std::size_t size);
  void add_plain(Value body, std::uint64_t offset);
  void add_container(const ContainerLine& line, std::uint64_t offset);
  void add_position(Attributes& attributes, std::uint64_t offset);
  std::string_view trimmed(std::string_view line, bool keeps_trailing) const;
  void build_attributes();

  const std::shared_ptr<const LinePlan> plan_;
  FileFacts facts_;
  std::optional<HeaderReader> header_;
  AttributeBlock block_;  // Made with the first record: most of ten thousand files are idle.
  RecordSink sink_;
  text::Rfc3339Reader time_;
  ContainerJoiner joiner_;
  Drops drops_;
  Run run_;
  Entry entry_;  // The one on its way.

  // Of the current call.
  std::uint64_t observed_unix_nanos_ = 0;
  Instant now_;
  bool is_known_valid_ = false;  // The bytes being cut are valid UTF-8 throughout.
  bool may_be_usual_ = false;    // `take_usual_line` is worth a try.

  bool is_skipping_ = false;  // The rest of a truncated line.
  std::size_t untaken_size_ = 0;
  Instant untaken_since_;  // When the untaken bytes last changed.
  std::size_t line_size_mean_ = 200;
  std::uint64_t record_number_ = 0;
};

}  // namespace rankwire::file_log
