// Drives a parser in tests as the tailer does, and reads back what it appended.
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"
#include "receivers/file_log/parse/expr/expression.hpp"
#include "receivers/file_log/parse/parser_settings.hpp"
#include "testing/fake_clock.hpp"
#include "text/encoding.hpp"

namespace rankwire::file_log::testing {

class ParseFixture {
 public:
  ParserConfig config;
  FileFacts facts{"/data/train.log", "/data/train.log", "root", "root", "rw-r--r--"};
  rankwire::testing::FakeClock clock;
  NullLogger log;
  Counters counters;
  LogBatch batch;

  void use_container() {
    const config::Node type = config::Node::scalar("container", {});
    config.operators = config::Node::sequence({config::Node::map({{"type", type}}, {})}, {});
  }
  void use_operators(const std::string& yaml) {
    config::Diagnostics diagnostics;
    config.operators = config::parse_yaml(yaml, "test.yaml", diagnostics);
  }
  // Whether there is a parser for this configuration.
  bool is_valid() { return make_parser_factory(config, clock, log, counters) != nullptr; }
  FileParser& parser() {
    if (factory_ == nullptr) factory_ = make_parser_factory(config, clock, log, counters);
    if (parser_ == nullptr) parser_ = factory_->make(facts);
    return *parser_;
  }
  // As after a restart.
  void start_at(std::uint64_t offset) { offset_ = offset; }
  // Continues behind what was taken before.
  std::size_t parse(std::string_view data, bool is_end = false) {
    // Kept with the batch, as the tailer's buffers are.
    auto kept = std::make_shared<Buffer>(Buffer::copy_of(data));
    batch.keep(kept);
    const std::size_t taken = parser().parse(kept->view(), offset_, is_end, batch);
    offset_ += taken;
    return taken;
  }
  std::size_t flush(std::string_view untaken) {
    auto kept = std::make_shared<Buffer>(Buffer::copy_of(untaken));
    batch.keep(kept);
    const std::size_t taken = parser().flush(clock.now(), kept->view(), offset_, batch);
    offset_ += taken;
    return taken;
  }
  void rotate() {
    auto next = factory_->make(facts);
    next->continue_from(*parser_);
    parser_ = std::move(next);
    offset_ = 0;
  }

  std::vector<const LogRecord*> records() const {
    std::vector<const LogRecord*> all;
    for (const LogResource& group : batch.resources)
      for (const LogScope& scope : group.scopes)
        for (const LogRecord& record : scope.records) all.push_back(&record);
    return all;
  }
  const LogRecord& record(std::size_t index) const { return *records().at(index); }
  std::vector<std::string> bodies() const {
    std::vector<std::string> texts;
    for (const LogRecord* record : records()) texts.emplace_back(record->body.text());
    return texts;
  }
  std::string attribute(std::size_t index, std::string_view key) const {
    const Value* value = find(record(index).attributes, key);
    return value == nullptr ? "(absent)" : text_of(*value);
  }
  std::string resource(std::string_view key) const {
    const Value* value = find(batch.resources[0].resource.attributes, key);
    return value == nullptr ? "(absent)" : text_of(*value);
  }

  std::string text_of(const Value& value) const { return std::string(expr::to_text(value, arena_)); }
  // Body and attributes besides the file's name, as a reader would compare them.
  std::string show(std::size_t index) const {
    std::string shown = text_of(record(index).body);
    for (const KeyValue& entry : record(index).attributes)
      if (entry.key != "log.file.name") shown += " " + std::string(entry.key) + "=" + text_of(entry.value);
    return shown;
  }

 private:
  mutable Arena arena_;
  std::unique_ptr<ParserFactory> factory_;
  std::unique_ptr<FileParser> parser_;
  std::uint64_t offset_ = 0;
};

}  // namespace rankwire::file_log::testing
