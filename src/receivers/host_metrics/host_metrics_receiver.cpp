#include "receivers/host_metrics/host_metrics_receiver.hpp"

#include "component/intake.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr auto retry_pause = std::chrono::seconds(1);

Result<std::unique_ptr<Receiver>> create(const HostMetricsConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  require(intakes.metrics != nullptr, "host_metrics is in a pipeline of metrics");
  return std::unique_ptr<Receiver>(std::make_unique<HostMetricsReceiver>(config, context, *intakes.metrics));
}

}  // namespace

HostMetricsReceiver::HostMetricsReceiver(const HostMetricsConfig& config, const ComponentContext& context, Intake& next)
    : config_(config),
      environment_(context.environment),
      id_(context.id.text()),
      next_(next),
      host_(environment_.files, config.root_path),
      scrapers_(config.scrapers.make()),
      skipped_(environment_.counters.counter("rankwire_host_metrics_skipped_scrapes_total",
                                             "Times that nothing was read, as the pipeline was full.",
                                             {{"receiver", id_}})),
      timer_(environment_.clock, "rw-host", [this](const std::stop_token& stop) { return work(stop); }) {}

Result<void> HostMetricsReceiver::start(Host&) {
  if (host_.has_root()) {
    const auto status = environment_.files.status(config_.root_path);
    if (!status) return Error(status.error()).during("root_path of " + id_);
  }
  due_ = environment_.clock.now() + config_.initial_delay;
  return timer_.start(due_);
}

void HostMetricsReceiver::stop(Deadline) { timer_.stop(); }

Instant HostMetricsReceiver::work(const std::stop_token& stop) {
  due_ = std::max(due_ + config_.collection_interval, environment_.clock.now());
  scrape(stop);
  return due_;
}

void HostMetricsReceiver::scrape(const std::stop_token& stop) {
  for (bool is_again = false; !next_.has_room({}, 1); is_again = true) {
    if (wait_for_room(is_again, stop)) continue;
    if (!stop.stop_requested()) skipped_.add();
    return;
  }
  host_.begin_scrape();
  const ScrapeTimes times{.start = host_.boot_time(), .now = environment_.clock.unix_nanos()};
  Output output(times, [&](MetricBatch batch) { return pass_on(std::move(batch), stop); });
  for (const auto& scraper : scrapers_) {
    if (stop.stop_requested()) break;
    if (const Result<void> scraped = scraper->scrape(host_, output); !scraped)
      note_failure(scraper->name(), scraped.error());
  }
  output.finish();
}

// False: the next scrape is due, or we are to stop. A queue may have room, but not for this: then a pause, lest we
// spin.
bool HostMetricsReceiver::wait_for_room(bool is_again, const std::stop_token& stop) {
  const Clock& clock = environment_.clock;
  if (stop.stop_requested() || Deadline{due_}.has_passed(clock)) return false;
  if (!is_again) return next_.wait_for_room(stop, Deadline{due_});
  return clock.wait_until(std::min(clock.now() + retry_pause, due_), stop);
}

// False: the pipeline is full, and what comes behind would find it so too.
bool HostMetricsReceiver::pass_on(MetricBatch batch, const std::stop_token& stop) {
  const std::uint64_t records = batch.record_count();
  auto admission = next_.admit(batch.memory_bytes());
  for (bool is_again = false; !admission && admission.error().is_retryable(); is_again = true) {
    if (!wait_for_room(is_again, stop)) break;
    admission = next_.admit(batch.memory_bytes());
  }
  const Result<void> taken =
      admission ? next_.deliver(std::move(*admission), std::move(batch)) : Result<void>(std::move(admission).error());
  if (taken) return true;
  const bool is_final = taken.error().is_final();
  next_.count_dropped(records, is_final ? "undeliverable" : stop.stop_requested() ? "shutdown" : "pipeline_full");
  return is_final;
}

void HostMetricsReceiver::note_failure(std::string_view scraper, const Error& error) {
  environment_.counters
      .counter("rankwire_host_metrics_failures_total", "Scrapes that could not read all they should.",
               {{"receiver", id_}, {"scraper", std::string(scraper)}})
      .add();
  environment_.log.warn("host_metrics: not everything could be read",
                        {{"component", id_}, {"scraper", scraper}, {"error", error.message()}});
}

ReceiverFactory host_metrics_factory() {
  return make_factory<HostMetricsConfig, Receiver, Intakes>({.type = "host_metrics",
                                                             .aliases = {"hostmetrics"},
                                                             .summary = "Reads metrics of the machine it runs on.",
                                                             .signals = {Signal::metrics},
                                                             .stability = Stability::beta},
                                                            create);
}

}  // namespace rankwire::host_metrics
