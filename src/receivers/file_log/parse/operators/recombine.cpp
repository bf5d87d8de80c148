#include "receivers/file_log/parse/operators/recombine.hpp"

#include <algorithm>

namespace rankwire::file_log {

struct Recombine::Source {
  std::string name;
  std::size_t count = 0;
  bool has_match = false;
  std::uint64_t offset = 0;
  Instant since;
  std::size_t size = 0;                  // Of the text, separators included.
  Buffer text;                           // From earlier calls.
  std::vector<std::string_view> pieces;  // From this call; neighbours in memory are one piece.
  Entry base;
  bool is_persisted = false;  // `base` lies in `memory`, not in the batch.
  bool has_file_resource = false;
  Arena memory;

  void append(std::string_view piece, std::string_view separator) {
    if (count != 0) {
      size += separator.size();
      if (!pieces.empty()) {
        std::string_view& last = pieces.back();
        // Lines that follow each other in the file, and in the buffer, need no copy.
        if (!piece.empty() && !last.empty() && last.data() + last.size() + separator.size() == piece.data() &&
            std::memcmp(last.data() + last.size(), separator.data(), separator.size()) == 0) {
          last = {last.data(), last.size() + separator.size() + piece.size()};
          size += piece.size();
          return;
        }
      }
      pieces.push_back(separator);
    }
    pieces.push_back(piece);
    size += piece.size();
  }

  std::string_view joined(Arena& arena) {
    if (text.empty() && pieces.size() == 1) return pieces[0];
    char* const start = static_cast<char*>(arena.allocate(size, 1));
    char* to = std::copy_n(text.data(), text.size(), start);
    for (const std::string_view piece : pieces) to = std::copy(piece.begin(), piece.end(), to);
    return {start, static_cast<std::size_t>(to - start)};
  }

  void clear() {
    count = size = 0;
    has_match = is_persisted = false;
    pieces.clear();
    text = Buffer();
    memory = Arena();
  }

  void persist(const Attributes& file_resource) {
    if (count == 0) return;
    for (const std::string_view piece : pieces) text.append(piece);
    pieces.clear();
    if (is_persisted) return;
    has_file_resource = base.resource.data() == file_resource.data();
    base.record.body = deep_copy(base.record.body, memory);
    base.record.attributes = deep_copy(base.record.attributes, memory);
    base.record.severity_text = memory.copy(base.record.severity_text);
    base.scope_name = memory.copy(base.scope_name);
    base.resource = has_file_resource ? Attributes() : deep_copy(base.resource, memory);
    is_persisted = true;
  }

  // The base entry with everything in the batch.
  Entry restored(Run& run) const {
    Entry entry = base;
    if (!is_persisted) return entry;
    Arena& arena = run.arena();
    entry.record.body = deep_copy(base.record.body, arena);
    entry.record.attributes = deep_copy(base.record.attributes, arena);
    entry.record.severity_text = arena.copy(base.record.severity_text);
    entry.scope_name = arena.copy(base.scope_name);
    entry.resource = has_file_resource ? run.file_resource : deep_copy(base.resource, arena);
    return entry;
  }
};

class RecombineState final : public OperatorState {
 public:
  explicit RecombineState(const Recombine& owner) : owner_(owner) {}

  Recombine::Source& find(std::string_view name) {
    if (last_ < sources_.size() && sources_[last_]->name == name) return *sources_[last_];
    for (last_ = 0; last_ < sources_.size(); ++last_)
      if (sources_[last_]->name == name) return *sources_[last_];
    sources_.push_back(std::make_unique<Recombine::Source>());
    sources_.back()->name = name;
    return *sources_.back();
  }
  bool is_full(std::string_view name) const {
    return sources_.size() >= owner_.settings_.max_sources &&
           std::none_of(sources_.begin(), sources_.end(), [&](const auto& source) { return source->name == name; });
  }
  void emit_all(Run& run) {
    for (const auto& source : sources_) owner_.emit(*source, run);
    sources_.clear();
  }

  void flush(Instant now, Run& run) override {
    const bool is_all = now == Instant::max();
    for (const auto& source : sources_)
      if (source->count != 0 && (is_all || source->since + owner_.settings_.force_flush_period <= now))
        owner_.emit(*source, run);
  }
  void end_call(Run& run) override {
    for (const auto& source : sources_) source->persist(run.file_resource);
  }
  std::optional<std::uint64_t> held_from() const override {
    std::optional<std::uint64_t> from;
    for (const auto& source : sources_)
      if (source->count != 0) from = std::min(from.value_or(source->offset), source->offset);
    return from;
  }
  std::optional<Instant> due() const override {
    std::optional<Instant> due;
    if (owner_.settings_.force_flush_period.count() == 0) return due;
    for (const auto& source : sources_) {
      const Instant at = source->since + owner_.settings_.force_flush_period;
      if (source->count != 0) due = std::min(due.value_or(at), at);
    }
    return due;
  }
  void continue_from(OperatorState& previous) override {
    sources_ = std::move(static_cast<RecombineState&>(previous).sources_);
    static_cast<RecombineState&>(previous).sources_.clear();
    for (const auto& source : sources_) source->offset = 0;
  }

 private:
  const Recombine& owner_;
  std::vector<std::unique_ptr<Recombine::Source>> sources_;
  std::size_t last_ = 0;
};

void RecombineSettings::fields(config::Fields& f) {
  TransformerSettings::fields(f);
  f.field("is_first_entry", is_first_entry, "Expression: this entry begins a record.");
  f.field("is_last_entry", is_last_entry, "Expression: this entry ends a record.");
  f.field("max_batch_size", max_batch_size, "Entries joined at most; 0: no limit.");
  f.field("max_unmatched_batch_size", max_unmatched_batch_size,
          "Entries joined at most while the expression has not been true; 0: no limit.");
  f.field("combine_field", combine_field, "The text that is joined.");
  f.field("combine_with", combine_with, "What is put between.");
  f.field("source_identifier", source_identifier, "Entries are joined where this field is equal.");
  f.field("overwrite_with", overwrite_with, "Other fields are taken from the newest or the oldest entry.");
  f.field("force_flush_period", force_flush_period, "A record waits at most this long for its end.", {.min = 0});
  f.field("max_sources", max_sources, "Sources held at most.", {.min = 1});
  f.field("max_log_size", max_log_size, "A record's text is at most about this long; 0: no limit.");
}

Recombine::Recombine(RecombineSettings settings, expr::Expression expression, FieldPath field,
                     std::optional<FieldPath> source)
    : settings_(std::move(settings)),
      expression_(std::move(expression)),
      is_first_(!settings_.is_first_entry.empty()),
      keeps_oldest_(settings_.overwrite_with == "oldest"),
      field_(std::move(field)),
      source_(std::move(source)) {}

std::unique_ptr<OperatorState> Recombine::make_state() const { return std::make_unique<RecombineState>(*this); }

std::string_view Recombine::source_of(const Entry& entry, Run& run) const {
  Value value;
  if (source_.has_value()) return source_->get(entry, value) ? expr::to_text(value, run.arena()) : "DefaultSource";
  // By default each stream of the file is a source: standard output and error interleave.
  const Value* stream = find(entry.record.attributes, "log.iostream");
  return stream != nullptr && stream->is_text() ? stream->text() : std::string_view();
}

void Recombine::emit(Source& source, Run& run) const {
  if (source.count == 0) return;
  Entry entry = source.restored(run);
  field_.set(entry, run.arena(), Value::of(source.joined(run.arena())));
  entry.offset = source.offset;
  source.clear();
  forward(entry, run);
}

void Recombine::run_on(Entry& entry, Run& run) const {
  const char* error = nullptr;
  const bool matches = expression_.test(entry, run.arena(), error);
  if (error != nullptr) return fail(entry, run, error);
  Value text;
  if (!field_.get(entry, text) || !text.is_text()) return fail(entry, run, "the field to combine is not a text");
  auto& all = state<RecombineState>(run);
  const std::string_view name = source_of(entry, run);
  if (all.is_full(name)) all.emit_all(run);
  Source& source = all.find(name);
  if (matches && is_first_) emit(source, run);
  const bool is_new = source.count == 0;
  source.append(text.text(), settings_.combine_with);
  if (is_new) {
    source.offset = entry.offset;
    source.since = run.now;
  }
  if (is_new || !keeps_oldest_) {
    source.base = entry;
    source.is_persisted = false;
  }
  ++source.count;
  source.has_match = source.has_match || matches;
  const std::uint64_t limit = source.has_match ? settings_.max_batch_size : settings_.max_unmatched_batch_size;
  const bool is_long = settings_.max_log_size.count != 0 && source.size >= settings_.max_log_size.count;
  if ((matches && !is_first_) || (limit != 0 && source.count >= limit) || is_long) emit(source, run);
}

std::unique_ptr<Operator> build_recombine(const OperatorSource& source) {
  const auto settings = source.read<RecombineSettings>();
  if (settings.is_first_entry.empty() == settings.is_last_entry.empty()) {
    source.error("", "exactly one of \"is_first_entry\" and \"is_last_entry\" must be set");
    return nullptr;
  }
  if (settings.overwrite_with != "newest" && settings.overwrite_with != "oldest")
    source.error("overwrite_with", "overwrite_with is newest or oldest");
  const FieldPath field = source.required_field("combine_field", settings.combine_field);
  std::optional<FieldPath> identifier;
  if (!settings.source_identifier.empty()) identifier = source.field("source_identifier", settings.source_identifier);
  const bool is_first = !settings.is_first_entry.empty();
  auto expression = source.expression(is_first ? "is_first_entry" : "is_last_entry",
                                      is_first ? settings.is_first_entry : settings.is_last_entry);
  if (!expression.has_value()) return nullptr;
  return std::make_unique<Recombine>(settings, std::move(*expression), field, std::move(identifier));
}

}  // namespace rankwire::file_log
