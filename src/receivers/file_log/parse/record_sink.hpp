// Where a parser appends records: groups of one batch, by resource and scope name.
#pragma once

#include <vector>

#include "receivers/file_log/parse/attribute_block.hpp"
#include "signal/batch.hpp"

namespace rankwire::file_log {

// Used between `begin` and the end of one call of the parser; afterwards the batch may go away.
class RecordSink {
 public:
  // `resource` is a set of `block`; `expected` is how many records to make room for.
  void begin(LogBatch& batch, const AttributeBlock& block, Attributes resource, std::uint32_t expected);

  Arena& arena() { return batch_->arena(); }
  // A new record of the resource given to `begin`.
  LogRecord& add() {
    if (records_ == nullptr) [[unlikely]]
      open();
    return records_->add(batch_->arena());
  }
  // A copy of `record` under another resource or scope.
  void add(const LogRecord& record, const Attributes& resource, std::string_view scope_name);

 private:
  struct Group {
    Attributes resource;
    std::string_view scope_name;
    List<LogRecord>* records;
  };

  void open();
  List<LogRecord>* add_group(const Attributes& resource, std::string_view scope_name);

  LogBatch* batch_ = nullptr;
  const AttributeBlock* block_ = nullptr;
  List<LogRecord>* records_ = nullptr;  // Of the resource given to `begin`; null until there is one.
  Attributes resource_;
  std::uint32_t expected_ = 0;
  bool keeps_block_ = false;
  std::vector<Group> groups_;  // Others made since `begin`.
};

}  // namespace rankwire::file_log
