#include "receivers/file_log/file_log_receiver.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/worker.hpp"
#include "receivers/file_log/file_log_config.hpp"
#include "receivers/file_log/parse/operators/build.hpp"
#include "receivers/file_log/tailer.hpp"

namespace rankwire::file_log {
namespace {

class FileLogReceiver final : public Receiver {
 public:
  FileLogReceiver(const FileLogConfig& config, const ComponentContext& context, Intake& intake,
                  std::unique_ptr<ParserFactory> parsers)
      : config_(config),
        id_(context.id),
        environment_(context.environment),
        intake_(intake),
        parsers_(std::move(parsers)),
        telemetry_(environment_.counters, id_.text()),
        positions_(std::make_shared<Positions>(environment_.log)) {}

  ~FileLogReceiver() override {
    if (worker_.joinable()) {
      worker_.request_stop();
      tailer_->wake();
      worker_.join();
    }
    positions_->close();
  }

  Result<void> start(Host& host) override {
    CheckpointContents contents;
    bool has_history = false;
    std::unique_ptr<CheckpointJournal> journal;
    if (config_.storage) {
      auto opened = open_journal(host, contents);
      if (!opened) return std::move(opened).error().during(id_.text());
      journal = std::move(*opened);
      has_history = journal->existed();
    }
    if (contents.damaged != 0) {
      telemetry_.damaged_positions.add(contents.damaged);
      environment_.log.warn("file_log skipped damaged records of its checkpoint",
                            {{"receiver", id_.text()}, {"records", contents.damaged}});
    }
    TailOptions options = tail_options(config_, environment_.files);
    limit_open_files(options);
    tailer_ = std::make_unique<Tailer>(environment_, intake_, *parsers_, options, positions_, telemetry_);
    positions_->open(std::move(journal), [tailer = tailer_.get()] { tailer->wake(); });
    tailer_->open(contents, has_history);
    auto worker = Worker::start("file_log", [this](std::stop_token stop) {
      tailer_->run(stop);
      // Without positions on disk, what is held back would never be read again.
      if (!config_.storage) tailer_->flush_everything();
    });
    if (!worker) return worker.error();
    worker_ = std::move(*worker);
    return {};
  }

  void stop(Deadline deadline) override {
    worker_.request_stop();
    tailer_->wake();
    worker_.join();
    (void)positions_->wait_below(0, deadline.at, {});
    positions_->close();
  }

 private:
  // Half of what the process may open, so that connections and queues find descriptors too; where that is few, what
  // is open already counts.
  void limit_open_files(TailOptions& options) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 >= options.open_files_max) return;
    constexpr std::size_t kept_free = 16;
    const auto open_now = environment_.files.list("/proc/self/fd");
    const std::size_t taken = kept_free + (open_now ? open_now->size() : 0);
    const std::size_t left = limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
    options.open_files_max = std::max<std::size_t>(std::min<std::size_t>(limit.rlim_cur / 2, left), 2);
    environment_.log.info("file_log keeps fewer files open than max_concurrent_files: the process may not open more",
                          {{"receiver", id_.text()}, {"files", options.open_files_max}});
  }

  Result<std::unique_ptr<CheckpointJournal>> open_journal(Host& host, CheckpointContents& contents) {
    auto* storage = dynamic_cast<StorageProvider*>(host.extension(*config_.storage));
    if (storage == nullptr)
      return Error(ErrorKind::invalid, "storage: there is no storage extension " + config_.storage->text());
    auto directory = storage->directory_for(ComponentKind::receiver, id_, "checkpoint");
    if (!directory) return directory.error();
    return CheckpointJournal::open(environment_.files, *directory, storage->must_sync(), contents);
  }

  const FileLogConfig config_;
  const config::ComponentId id_;
  Environment& environment_;
  Intake& intake_;
  const std::unique_ptr<ParserFactory> parsers_;
  Telemetry telemetry_;
  const std::shared_ptr<Positions> positions_;
  std::unique_ptr<Tailer> tailer_;
  Worker worker_;  // Uses everything above.
};

Result<std::unique_ptr<Receiver>> create(const FileLogConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  if (intakes.logs == nullptr) return Error(ErrorKind::invalid, "file_log produces logs only");
  Environment& environment = context.environment;
  auto parsers = make_parser_factory(config.parser, environment.clock, environment.log, environment.counters);
  if (!parsers) return Error(ErrorKind::invalid, "the operators of file_log are not valid");
  return std::unique_ptr<Receiver>(
      std::make_unique<FileLogReceiver>(config, context, *intakes.logs, std::move(parsers)));
}

}  // namespace

ReceiverFactory file_log_factory() {
  ReceiverFactory factory = make_factory<FileLogConfig, Receiver, Intakes>(
      {.type = "file_log",
       .aliases = {"filelog"},
       .summary = "Tails files: every line becomes a log record, and none is lost.",
       .signals = {Signal::logs},
       .stability = Stability::beta,
       .faces_untrusted_input = true},
      create);
  factory.describe = [of_config = factory.describe] {
    std::vector<config::FieldInfo> all = of_config();
    for (config::FieldInfo& key : describe_operators()) all.push_back(std::move(key));
    return all;
  };
  return factory;
}

}  // namespace rankwire::file_log
