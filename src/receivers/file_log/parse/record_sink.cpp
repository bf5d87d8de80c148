#include "receivers/file_log/parse/record_sink.hpp"

#include <algorithm>

namespace rankwire::file_log {

namespace {
constexpr std::uint32_t groups_searched_max = 64;
}

void RecordSink::begin(LogBatch& batch, const AttributeBlock& block, Attributes resource, std::uint32_t expected) {
  batch_ = &batch;
  resource_ = resource;
  groups_.clear();
  records_ = nullptr;
  const std::uint32_t count = batch.resources.size();
  for (std::uint32_t i = count; i > 0 && count - i < groups_searched_max && records_ == nullptr; --i) {
    LogResource& group = batch.resources[i - 1];
    // The address identifies this file's set while the batch keeps the block.
    if (group.resource.attributes.data() == resource.data() && group.scopes[0].scope.name.empty())
      records_ = &group.scopes[0].records;
  }
  block_ = &block;
  keeps_block_ = records_ != nullptr;
  expected_ = expected;
}

void RecordSink::open() {
  records_ = add_group(resource_, {});
  records_->reserve(batch_->arena(), expected_);
}

List<LogRecord>* RecordSink::add_group(const Attributes& resource, std::string_view scope_name) {
  if (!keeps_block_) batch_->keep(block_->memory());
  keeps_block_ = true;
  LogResource group;
  group.resource.attributes = resource;
  LogScope scope;
  scope.scope.name = scope_name;
  // Exactly one scope a group, so that the address of its records never changes.
  group.scopes.push(batch_->arena(), scope);
  batch_->resources.push(batch_->arena(), group);
  return &batch_->resources.back().scopes[0].records;
}

void RecordSink::add(const LogRecord& record, const Attributes& resource, std::string_view scope_name) {
  if (resource.data() == resource_.data() && resource.size() == resource_.size() && scope_name.empty()) {
    add() = record;
    return;
  }
  const std::size_t first = groups_.size() - std::min<std::size_t>(groups_.size(), groups_searched_max);
  for (std::size_t i = groups_.size(); i > first; --i) {
    Group& group = groups_[i - 1];
    if (group.scope_name != scope_name || !equal(group.resource, resource)) continue;
    group.records->push(batch_->arena(), record);
    return;
  }
  List<LogRecord>* records = add_group(Attributes::shared(resource.data(), resource.size()), scope_name);
  groups_.push_back({resource, scope_name, records});
  records->push(batch_->arena(), record);
}

}  // namespace rankwire::file_log
