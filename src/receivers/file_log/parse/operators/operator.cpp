#include "receivers/file_log/parse/operators/operator.hpp"

namespace rankwire::file_log {

void Transformer::process(Entry& entry, Run& run) const {
  if (condition_.has_value()) {
    const char* error = nullptr;
    const bool is_true = condition_->test(entry, run.arena(), error);
    if (error != nullptr) return fail(entry, run, error);
    if (!is_true) return forward(entry, run);
  }
  run_on(entry, run);
}

void Transformer::fail(Entry& entry, Run& run, const char* why) const {
  if (on_error_ == OnError::send || on_error_ == OnError::drop)
    run.log->warn("an operator could not process a record", {{"reason", why}, {"file", *run.file}});
  if (on_error_ == OnError::drop || on_error_ == OnError::drop_quiet)
    ++run.drops->unparsable;
  else
    forward(entry, run);
}

}  // namespace rankwire::file_log
