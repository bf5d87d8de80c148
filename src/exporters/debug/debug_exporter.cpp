// Prints on the pipeline's thread. What is printed has passed the processors, so it is masked.
#include "exporters/debug/debug_exporter.hpp"

#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "component/settings/delivery_settings.hpp"
#include "exporters/debug/sampler.hpp"
#include "exporters/debug/text.hpp"

namespace rankwire::debug {

namespace {

enum class Verbosity : std::uint8_t { basic, normal, detailed };

struct DebugConfig {
  Verbosity verbosity = Verbosity::basic;
  std::uint64_t sampling_initial = 2;
  std::uint64_t sampling_thereafter = 1;
  bool use_internal_logger = true;
  std::vector<std::string> output_paths = {"stdout"};
  std::optional<QueueConfig> sending_queue;

  void fields(config::Fields& f) {
    f.choice("verbosity", verbosity,
             {{"basic", 0}, {"normal", 1}, {"detailed", 2}, {"Basic", 0}, {"Normal", 1}, {"Detailed", 2}},
             "basic: counts. normal: a line a record. detailed: every field.");
    f.field("sampling_initial", sampling_initial, "Batches shown in each second before sampling begins.");
    f.field("sampling_thereafter", sampling_thereafter, "Then each n-th batch; 1: all, 0: none.");
    f.field("use_internal_logger", use_internal_logger, "Print to stderr, among the agent's own log lines.");
    f.field("output_paths", output_paths, "Without use_internal_logger: stdout, stderr or files.");
    f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
  }
  void validate(config::Validator& v) const {
    const bool is_default = output_paths == std::vector<std::string>{"stdout"};
    if (use_internal_logger && !is_default) v.error("output_paths", "needs use_internal_logger: false");
    if (!use_internal_logger && output_paths.empty()) v.error("output_paths", "must name at least one output");
  }
};

// Where text goes: a descriptor of the process, or a file.
struct Output {
  int descriptor = -1;
  std::unique_ptr<File> file;

  void write(std::string_view text) {
    if (file) {
      static_cast<void>(file->append(text));
      return;
    }
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;  // Nobody is listening.
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
};

// "info", what arrived, and how much of it: {"log records": 2}.
struct Counts {
  std::uint64_t resources = 0;
  std::uint64_t metrics = 0;
  std::uint64_t records = 0;
};

template <class Record>
Counts counts_of(const RecordBatch<Record>& batch) {
  Counts counts{batch.resources.size(), 0, batch.record_count()};
  for (const ResourceGroup<Record>& resource : batch.resources)
    for (const ScopeGroup<Record>& scope : resource.scopes) counts.metrics += scope.records.size();
  return counts;
}

class DebugExporter final : public Exporter {
 public:
  DebugExporter(const DebugConfig& config, const ComponentContext& context)
      : config_(config), id_(context.id.text()), environment_(context.environment) {}

  Result<void> start(Host&) override {
    const std::lock_guard lock(mutex_);
    if (config_.use_internal_logger) outputs_.push_back({STDERR_FILENO, nullptr});
    if (config_.use_internal_logger) return {};
    for (const std::string& path : config_.output_paths) {
      if (path == "stdout" || path == "stderr") {
        outputs_.push_back({path == "stdout" ? STDOUT_FILENO : STDERR_FILENO, nullptr});
        continue;
      }
      auto file = environment_.files.open(path, {.write = true, .create = true});
      if (!file) return std::move(file).error().during("opening an output of exporters::debug::output_paths");
      outputs_.push_back({-1, std::move(*file)});
    }
    return {};
  }

  void stop(Deadline) override {
    const std::lock_guard lock(mutex_);
    outputs_.clear();
  }

  DeliveryPolicy delivery() const override { return delivery_policy(config_.sending_queue, {.enabled = false}); }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token) override {
    {
      const std::lock_guard lock(mutex_);
      if (!samplers_[static_cast<std::size_t>(batch.signal())].shows(environment_.clock.now())) return Receipt{};
    }
    switch (batch.signal()) {
      case Signal::logs: return show(batch.logs(), "Logs", "resource logs", "log records");
      case Signal::metrics: return show(batch.metrics(), "Metrics", "resource metrics", "data points");
      case Signal::traces: return show(batch.traces(), "Traces", "resource spans", "spans");
    }
    return Receipt{};
  }

 private:
  template <class Batch>
  Result<Receipt> show(Result<const Batch*> batch, std::string_view title, std::string_view resources,
                       std::string_view records) {
    if (!batch) return std::move(batch).error();
    Buffer buffer;
    Text text(buffer);
    const Counts counts = counts_of(**batch);
    ((text.time(environment_.clock.unix_nanos()) << "\tinfo\t" << title << "\t{\"otelcol.component.id\": \"").data(id_)
     << "\", \"otelcol.component.kind\": \"exporter\", \"" << resources << "\": ")
        .number(counts.resources);
    if (title == "Metrics") (text << ", \"metrics\": ").number(counts.metrics);
    (text << ", \"" << records << "\": ").number(counts.records) << "}\n";
    if (config_.verbosity == Verbosity::normal) write_normal(**batch, text);
    if (config_.verbosity == Verbosity::detailed) write_detailed(**batch, text);
    const std::lock_guard lock(mutex_);
    for (Output& output : outputs_) output.write(buffer.view());
    return Receipt{};
  }

  const DebugConfig config_;
  const std::string id_;
  Environment& environment_;
  std::mutex mutex_;
  std::vector<Output> outputs_;  // Guarded by mutex_; so that batches are not mixed up.
  // Guarded by mutex_; one for each signal.
  Sampler samplers_[3] = {{config_.sampling_initial, config_.sampling_thereafter},
                          {config_.sampling_initial, config_.sampling_thereafter},
                          {config_.sampling_initial, config_.sampling_thereafter}};
};

Result<std::unique_ptr<Exporter>> create(const DebugConfig& config, const ComponentContext& context) {
  return std::make_unique<DebugExporter>(config, context);
}

}  // namespace

ExporterFactory debug_factory() {
  return make_factory<DebugConfig>(
      {
          .type = "debug",
          .aliases = {},
          .summary = "Prints telemetry for people: counts, a line a record, or every field.",
          .signals = {Signal::logs, Signal::metrics, Signal::traces},
          .stability = Stability::beta,
      },
      create);
}

}  // namespace rankwire::debug
