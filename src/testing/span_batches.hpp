// Small batches of spans for tests.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "signal/batch.hpp"

namespace rankwire::testing {

// Builds one batch; `resource()` and `scope()` open what the next spans go into, `span()` what is then set.
class SpanBatchBuilder {
 public:
  using Labels = std::initializer_list<std::pair<const char*, const char*>>;

  SpanBatchBuilder& resource(Labels labels) {
    SpanResource& group = batch_.resources.push(arena(), {});
    group.resource.attributes = attributes(labels);
    group.scopes.push(arena(), {});
    return *this;
  }
  SpanBatchBuilder& scope(std::string_view name, std::string_view version = {}) {
    SpanScope& added = batch_.resources.back().scopes.push(arena(), {});
    added.scope.name = arena().copy(name);
    added.scope.version = arena().copy(version);
    return *this;
  }
  // Of `milliseconds`, with ids that count from 1.
  SpanBatchBuilder& span(std::string_view name, std::uint64_t milliseconds = 0, Labels labels = {}) {
    if (batch_.resources.empty()) resource({{"service.name", "shop"}});
    Span& added = batch_.resources.back().scopes.back().records.push(arena(), {});
    added.name = arena().copy(name);
    added.trace_id.bytes[15] = 1;
    added.span_id.bytes[7] = ++spans_;
    added.start_time_unix_nanos = 1'700'000'000'000'000'000u;
    added.end_time_unix_nanos = added.start_time_unix_nanos + milliseconds * 1'000'000;
    added.attributes = attributes(labels);
    return *this;
  }
  SpanBatchBuilder& kind(std::uint32_t kind) {
    last().kind = kind;
    return *this;
  }
  SpanBatchBuilder& status(SpanStatusCode code) {
    last().status_code = code;
    return *this;
  }
  SpanBatchBuilder& trace_state(std::string_view text) {
    last().trace_state = arena().copy(text);
    return *this;
  }
  SpanBatchBuilder& ids(std::uint8_t trace, std::uint8_t span, std::uint8_t parent = 0) {
    last().trace_id.bytes[15] = trace;
    last().span_id.bytes[7] = span;
    last().parent_span_id.bytes[7] = parent;
    return *this;
  }
  SpanBatchBuilder& event(std::string_view name, Labels labels = {}) {
    SpanEvent& added = last().events.push(arena(), {});
    added.name = arena().copy(name);
    added.attributes = attributes(labels);
    return *this;
  }

  Span& last() { return batch_.resources.back().scopes.back().records.back(); }
  Arena& arena() { return batch_.arena(); }
  TraceBatch take() { return std::move(batch_); }

 private:
  Attributes attributes(Labels labels) {
    Attributes list;
    for (const auto& [key, value] : labels) list.push(arena(), {arena().copy(key), Value::of(arena().copy(value))});
    return list;
  }

  TraceBatch batch_;
  std::uint8_t spans_ = 0;
};

}  // namespace rankwire::testing
