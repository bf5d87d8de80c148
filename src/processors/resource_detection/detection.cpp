#include "processors/resource_detection/detection.hpp"

#include <algorithm>

#include "processors/resource_detection/imds.hpp"
#include "text/encoding.hpp"

namespace rankwire::resource_detection {
namespace {

// What comes from outside may be no UTF-8, and one bad byte would spoil every batch.
Value text_of(const std::string& found, Arena& arena) { return Value::of(text::repair_utf8(arena.copy(found), arena)); }

Value value_of(const FoundValue& found, Arena& arena) {
  if (const auto* text = std::get_if<std::string>(&found)) return text_of(*text, arena);
  if (const auto* number = std::get_if<std::int64_t>(&found)) return Value::of(*number);
  List<Value> items;
  for (const std::string& text : std::get<std::vector<std::string>>(found)) items.push(arena, text_of(text, arena));
  return Value::of(items);
}

}  // namespace

Detection::Detection(Environment& environment, std::vector<NamedDetector> detectors, DetectionOptions options)
    : environment_(environment), options_(std::move(options)) {
  for (NamedDetector& named : detectors) {
    auto slot = std::make_unique<Slot>();
    const Labels labels = {{"processor", options_.processor}, {"detector", named.name}};
    slot->failures = &environment_.counters.counter("rankwire_resource_detection_failures_total",
                                                    "Times a detector could not find out.", labels);
    slot->is_detected = &environment_.counters.gauge("rankwire_resource_detection_detected",
                                                     "1 if the detector has been successful.", labels);
    slot->named = std::move(named);
    slots_.push_back(std::move(slot));
  }
}

Result<void> Detection::start() {
  const Deadline deadline = Deadline::after(environment_.clock, options_.timeout);
  for (const auto& slot : slots_) {
    const bool is_local = slot->named.is_local;
    const bool was_detected = is_local && ask(*slot, {});
    if (is_local && !must_go_on(*slot, was_detected)) continue;
    auto worker = Worker::start(
        "detect " + slot->named.name,
        [this, &slot = *slot, was_detected](std::stop_token stop) { run(slot, was_detected, std::move(stop)); });
    if (!worker) {
      stop();
      return std::move(worker).error();
    }
    slot->worker = std::move(*worker);
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline.at, [this] {
      return std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->was_asked; });
    });
  }
  Result<void> checked = check_needed();
  if (!checked) stop();
  return checked;
}

Result<void> Detection::check_needed() {
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) {
    if (!slot->named.is_needed || slot->found) continue;
    const std::string why = slot->was_asked ? slot->error : "there is no answer yet";
    return Error(ErrorKind::unavailable, "detector " + slot->named.name + ": " + why);
  }
  return {};
}

void Detection::stop() {
  for (const auto& slot : slots_) slot->worker.request_stop();
  for (const auto& slot : slots_) slot->worker.join();
}

std::shared_ptr<const Snapshot> Detection::current() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

// What is wrong with a variable stays wrong; everything else may come later.
bool Detection::must_go_on(const Slot& slot, bool was_detected) const {
  return options_.refresh_interval.count() != 0 || (!was_detected && !slot.named.is_local);
}

void Detection::run(Slot& slot, bool was_detected, std::stop_token stop) {
  Duration retry = options_.retry_first;
  if (!slot.named.is_local) was_detected = ask(slot, stop);
  while (must_go_on(slot, was_detected)) {
    Duration wait = options_.refresh_interval;
    if (!was_detected && !slot.named.is_local) {
      const auto jitter =
          static_cast<std::int64_t>(static_cast<double>(retry.count()) * environment_.random.unit() / 2);
      wait = retry + Duration(jitter);
      retry = std::min(retry * 2, options_.retry_max);
    }
    if (!pause(environment_.clock, wait, Deadline::never(), stop)) return;
    was_detected = ask(slot, stop);
    if (was_detected) retry = options_.retry_first;
  }
}

bool Detection::ask(Slot& slot, std::stop_token stop) {
  const Deadline deadline = Deadline::after(environment_.clock, options_.timeout);
  auto found = slot.named.detector->detect(deadline, stop);
  if (stop.stop_requested()) return false;
  const std::lock_guard lock(mutex_);
  if (found) {
    if (!slot.found)
      environment_.log.info("resource_detection has an answer",
                            {{"detector", slot.named.name}, {"attributes", found->attributes.size()}});
    slot.is_detected->set(1);
    slot.found = std::move(*found);
    slot.error.clear();
    publish();
  } else {
    slot.failures->add();
    slot.error = found.error().message();
    // What was found before stays.
    const bool is_tried_again = must_go_on(slot, false);
    environment_.log.warn(is_tried_again ? "resource_detection could not find out and will try again"
                                         : "resource_detection could not find out",
                          {{"detector", slot.named.name}, {"error", slot.error}});
  }
  slot.was_asked = true;
  changed_.notify_all();
  return slot.error.empty();
}

void Detection::publish() {
  auto next = std::make_shared<Snapshot>();
  for (const auto& slot : slots_) {
    if (!slot->found) continue;
    if (next->schema_url.empty() && !slot->found->attributes.empty())
      next->schema_url = next->arena.copy(slot->found->schema_url);
    for (const auto& [key, value] : slot->found->attributes) {
      if (find(next->attributes, key) == nullptr)
        next->attributes.push(next->arena, {next->arena.copy(key), value_of(value, next->arena)});
    }
  }
  snapshot_ = std::move(next);
}

}  // namespace rankwire::resource_detection
