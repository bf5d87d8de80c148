#include "receivers/statsd/collector.hpp"

#include "receivers/statsd/events.hpp"

namespace rankwire::statsd {
namespace {

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

}  // namespace

Collector::Collector(const StatsdConfig& config, const ComponentContext& context, Intakes intakes)
    : config_(config),
      rules_(config),
      environment_(context.environment),
      id_(context.id.text()),
      intakes_(intakes),
      lines_(
          environment_.counters.counter("rankwire_statsd_lines_total", "Lines that were taken.", {{"receiver", id_}})),
      window_(std::make_unique<Window>(rules_, environment_.clock.unix_nanos())),
      timer_(environment_.clock, "rw-statsd", [this](const std::stop_token& stop) { return work(stop); }) {}

Result<void> Collector::start() {
  next_flush_ = environment_.clock.now() + config_.aggregation_interval;
  return timer_.start(next_flush_);
}

void Collector::stop(Deadline deadline) {
  timer_.stop();
  if (pass_on({}, deadline, true)) return;
  for (const SignalBatch& batch : waiting_)
    if (Intake* next = intakes_.of(batch.signal())) next->count_dropped(batch.record_count(), "shutdown");
  waiting_.clear();
}

void Collector::take(const Sender& sender, std::string_view packet) {
  const std::uint64_t now = environment_.clock.unix_nanos();
  const std::lock_guard lock(mutex_);
  while (!packet.empty()) {
    const std::size_t end = packet.find('\n');
    const std::string_view line = without_line_end(packet.substr(0, end));
    packet.remove_prefix(end == std::string_view::npos ? packet.size() : end + 1);
    if (!line.empty()) take_line(sender, line, now);
  }
  if (is_nearly_full()) timer_.wake_at(environment_.clock.now());  // The window ends early.
}

bool Collector::is_nearly_full() const { return window_->bytes().count > config_.max_state_size.count / 2; }

void Collector::take_line(const Sender& sender, std::string_view line, std::uint64_t now) {
  if (kind_of(line) != LineKind::metric) return take_event(sender, line, now);
  MetricLine metric;
  LineProblem problem = read_metric(line, metric);
  if (problem != LineProblem::none) return refused(to_string(problem), line);
  if (intakes_.metrics == nullptr) return refused("no_metrics_pipeline", line);
  switch (window_->add(sender, metric, now, problem)) {
    case Added::taken: return lines_.add();
    case Added::unwanted: return refused("unmapped_type", line);
    case Added::invalid: return refused(to_string(problem), line);
    case Added::full: return refused("state_full", line);
  }
}

void Collector::take_event(const Sender& sender, std::string_view line, std::uint64_t now) {
  if (intakes_.logs == nullptr) return refused("no_logs_pipeline", line);
  if (events_ && events_->memory_bytes() > config_.max_state_size) return refused("state_full", line);
  if (!events_) events_.emplace();
  const LineProblem problem = append_event(line, sender, now, *events_);
  if (problem != LineProblem::none) return refused(to_string(problem), line);
  lines_.add();
  timer_.wake_at(environment_.clock.now());
}

void Collector::refuse(const char* reason) { refused(reason, {}); }

void Collector::refused(std::string_view reason, std::string_view line) {
  environment_.counters
      .counter("rankwire_statsd_refused_lines_total", "Lines that were not taken, by reason.",
               {{"receiver", id_}, {"reason", std::string(reason)}})
      .add();
  environment_.log.debug("statsd: a line was not taken",
                         {{"receiver", id_}, {"reason", reason}, {"bytes", line.size()}});
}

Instant Collector::work(const std::stop_token& stop) {
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    is_full = is_nearly_full();
  }
  const Instant now = environment_.clock.now();
  const bool ends_window = is_full || now >= next_flush_;
  if (ends_window) next_flush_ = now + config_.aggregation_interval;
  (void)pass_on(stop, Deadline::never(), ends_window);
  return next_flush_;
}

void Collector::end_window() {
  auto next = std::make_unique<Window>(rules_, environment_.clock.unix_nanos());
  {
    const std::lock_guard lock(mutex_);
    window_.swap(next);
  }
  for (SignalBatch& batch : next->finish(environment_.clock.unix_nanos(), environment_.random))
    waiting_.push_back(std::move(batch));
}

bool Collector::pass_on(const std::stop_token& stop, Deadline deadline, bool ends_window) {
  {
    const std::lock_guard lock(mutex_);
    if (events_ && !events_->empty()) waiting_.emplace_back(std::move(*events_));
    events_.reset();
  }
  if (ends_window) end_window();
  while (!waiting_.empty()) {
    Intake& next = *intakes_.of(waiting_.front().signal());
    const Result<void> taken = rankwire::pass_on(next, waiting_.front().clone(), {});
    if (taken || taken.error().is_final()) {
      if (!taken) next.count_dropped(waiting_.front().record_count(), "undeliverable");
      waiting_.pop_front();
      continue;
    }
    if (stop.stop_requested() || deadline.has_passed(environment_.clock) || !next.wait_for_room(stop, deadline))
      return false;
  }
  return true;
}

}  // namespace rankwire::statsd
