// Joins entries that belong together (stack traces) into one, separately for each source. Within a
// call of the parser held entries are views into the batch; what is still held at its end is copied.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "receivers/file_log/parse/operators/build.hpp"

namespace rankwire::file_log {

struct RecombineSettings : TransformerSettings {
  std::string is_first_entry, is_last_entry;
  std::uint64_t max_batch_size = 1000;
  std::uint64_t max_unmatched_batch_size = 100;
  std::string combine_field;
  std::string combine_with = "\n";
  std::string source_identifier;
  std::string overwrite_with = "newest";
  Duration force_flush_period = std::chrono::seconds(5);
  std::uint64_t max_sources = 1000;
  Bytes max_log_size;

  void fields(config::Fields& f);
};

class Recombine final : public Transformer {
 public:
  Recombine(RecombineSettings settings, expr::Expression expression, FieldPath field, std::optional<FieldPath> source);
  std::unique_ptr<OperatorState> make_state() const override;

 private:
  friend class RecombineState;
  struct Source;

  const char* transform(Entry&, Run&) const override { return nullptr; }
  void run_on(Entry& entry, Run& run) const override;
  std::string_view source_of(const Entry& entry, Run& run) const;
  void emit(Source& source, Run& run) const;

  const RecombineSettings settings_;
  const expr::Expression expression_;
  const bool is_first_;
  const bool keeps_oldest_;
  const FieldPath field_;
  const std::optional<FieldPath> source_;
};

}  // namespace rankwire::file_log
