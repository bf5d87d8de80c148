#include "receivers/k8s_events/event_watch.hpp"

#include <charconv>

#include "component/intake.hpp"
#include "kubernetes/pod.hpp"
#include "receivers/k8s_events/event_record.hpp"

namespace rankwire::k8s_events {
namespace {

constexpr auto retry_pause = std::chrono::seconds(1);
constexpr std::uint64_t small_file_max = 4 << 10;
constexpr std::string_view format = "rankwire k8s_events 1 ";
constexpr Bytes repeated_bytes_max = 4_MiB;

Counter& counter(const ComponentContext& context, const char* name, const char* help) {
  return context.environment.counters.counter(name, help, {{"receiver", context.id.text()}});
}

// 0: it is damaged.
std::uint64_t decode_position(std::string_view text) {
  if (!text.starts_with(format) || !text.ends_with('\n')) return 0;
  return version_of(text.substr(format.size(), text.size() - format.size() - 1));
}

}  // namespace

EventWatch::EventWatch(EventWatchOptions options, kubernetes::ApiClient& client, const ComponentContext& context,
                       Intake& next, std::function<void()> progressed)
    : options_(std::move(options)),
      client_(client),
      environment_(context.environment),
      id_(context.id.text()),
      next_(next),
      progressed_(std::move(progressed)),
      position_(std::make_shared<Position>()),
      old_(counter(context, "rankwire_k8s_events_old_total", "Events from before the start, which are not given.")),
      repeated_(counter(context, "rankwire_k8s_events_repeated_total",
                        "Events that happened again and were not given again, as dedup_interval says.")),
      figures_(context.environment.counters, {{"receiver", id_}, {"namespace", options_.namespace_name}}),
      given_({.bytes_max = repeated_bytes_max, .idle_max = options_.dedup_interval}, figures_) {}

EventWatch::~EventWatch() {
  worker_.request_stop();
  worker_.join();
  position_->close();
}

Result<void> EventWatch::start() {
  restore();
  position_->open(stored_, [this](bool is_lost) { ended(is_lost); });
  auto worker = Worker::start("rw-k8s-events", [this](const std::stop_token& stop) { run(stop); });
  if (!worker) return std::move(worker).error();
  worker_ = std::move(*worker);
  return {};
}

void EventWatch::restore() {
  if (options_.position_path.empty()) return;
  const auto text = read_file(environment_.files, options_.position_path, small_file_max);
  if (text) stored_ = decode_position(*text);
  has_history_ = stored_ != 0;
  if (!has_history_ && (text || !is_missing(text.error())))
    environment_.log.warn("k8s_events: the stored position is of no use; events from before the start are not given",
                          {{"component", id_}, {"path", options_.position_path}});
}

kubernetes::WatchOptions EventWatch::watch_options() const {
  kubernetes::WatchOptions options;
  options.path =
      options_.namespace_name.empty() ? "/api/v1/events" : "/api/v1/namespaces/" + options_.namespace_name + "/events";
  options.owner = id_;
  if (floor_ != 0) options.version = std::to_string(floor_);
  return options;
}

void EventWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::stop_source round;
    const std::stop_callback end_round(stop, [&round] { round.request_stop(); });
    stop_ = round.get_token();
    {
      const std::lock_guard lock(mutex_);
      round_ = round;
    }
    if (position_->take_lost())
      environment_.log.info("k8s_events watches again from where delivery was given up", {{"component", id_}});
    floor_ = last_ = position_->settled();
    kubernetes::ObjectWatch watch(watch_options(), client_, environment_.clock, environment_.random, environment_.log,
                                  environment_.counters, *this);
    watch_ = &watch;
    watch.run(stop_);
    watch_ = nullptr;
  }
}

// With the position's lock held, on any thread.
void EventWatch::ended(bool is_lost) {
  if (is_lost) {
    std::stop_source round;
    {
      const std::lock_guard lock(mutex_);
      round = round_;
    }
    round.request_stop();
  }
  progressed_();
}

void EventWatch::listing_begins() {
  is_listing_ = true;
  floor_ = last_;
}

void EventWatch::listing_ended() {
  is_listing_ = false;
  if (stop_.stop_requested()) return;
  floor_ = last_ = std::max(last_, version_of(watch_->version()));
  position_->pass_over(last_);
  progressed_();
}

void EventWatch::take(const Value& event, bool is_change) {
  const std::uint64_t version = version_of(kubernetes::text_at(event, {"metadata", "resourceVersion"}));
  if (stop_.stop_requested() || (version != 0 && version <= floor_)) return;
  // A list is in no order: how far it goes is known at its end.
  const std::uint64_t next = is_listing_ ? floor_ : std::max(floor_, version);
  last_ = std::max(last_, version);
  if (!is_listing_) floor_ = next;
  const bool is_old = !has_history_ && time_of(event) < options_.begin_nanos;
  if (is_old) old_.add();
  if (is_old || is_repeated(event, is_change)) return position_->pass_over(next);
  for (bool is_again = false; !deliver(event, next); is_again = true) {
    if (is_again) (void)environment_.clock.wait_until(environment_.clock.now() + retry_pause, stop_);
    (void)next_.wait_for_room(stop_, Deadline::after(environment_.clock, retry_pause));
    if (!stop_.stop_requested()) continue;
    if (options_.position_path.empty()) next_.count_dropped(1, "shutdown");
    return;
  }
}

bool EventWatch::is_repeated(const Value& event, bool is_change) {
  if (options_.dedup_interval == Duration(0)) return false;
  const Instant now = environment_.clock.now();
  bool is_repeated = is_change;
  if (options_.dedup_interval > Duration(0)) {
    const auto found = given_.find_or_add(identity_of(kubernetes::text_at(event, {"metadata", "uid"})), now);
    if (found.entry == nullptr) return false;
    is_repeated = is_change && !found.is_new && now - found.entry->state < options_.dedup_interval;
    if (!is_repeated) found.entry->state = now;
  }
  repeated_.add(is_repeated ? 1 : 0);
  return is_repeated;
}

bool EventWatch::deliver(const Value& event, std::uint64_t next) {
  LogBatch batch = batch_of(event);
  auto admission = next_.admit(batch.memory_bytes());
  if (!admission) {
    if (admission.error().is_retryable()) return false;
    next_.count_dropped(1, "undeliverable");
    position_->pass_over(next);
    return true;
  }
  const std::uint64_t token = position_->expect(next);
  const auto completion = std::make_shared<Completion>(position_, token);
  const auto delivered = next_.deliver(std::move(*admission), std::move(batch), completion);
  // The completion tells when every other destination has it.
  if (delivered || delivered.error().is_final()) return true;
  position_->withdraw(token);
  return false;
}

void EventWatch::finish(Deadline deadline) {
  worker_.join();
  (void)position_->wait_settled(deadline.at);
  position_->close();
  store();
}

void EventWatch::store() {
  const std::uint64_t settled = position_->settled();
  if (options_.position_path.empty() || settled == stored_) return;
  const Result<void> written =
      write_file_atomically(environment_.files, options_.position_path,
                            std::string(format) + std::to_string(settled) + '\n', options_.must_sync);
  if (written)
    stored_ = settled;
  else
    environment_.log.error("k8s_events could not store its position; a restart would repeat events",
                           {{"component", id_}, {"error", written.error().message()}});
}

}  // namespace rankwire::k8s_events
