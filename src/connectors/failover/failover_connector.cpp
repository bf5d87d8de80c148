// A level fails when one of its pipelines is full or refuses. A refusal that only delivering shows goes back to the
// sender, whose next attempt goes to the next level: the batch is never copied for a second attempt, and its
// completion is asked once.
#include "connectors/failover/failover_connector.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace rankwire::failover {
namespace {

using Levels = std::vector<std::vector<std::string>>;

struct FailoverConfig {
  config::Node priority_levels;
  Duration retry_interval = std::chrono::minutes(10);

  void fields(config::Fields& f) {
    f.field("priority_levels", priority_levels,
            "Lists of pipelines, the level to use first in front. All of a level get everything.");
    f.field("retry_interval", retry_interval, "How often a level that failed is tried again.", {.min = 1});
    f.ignored("retry_gap", "every level above the one in use is tried at each retry_interval");
    f.ignored("max_retries", "a level that failed is tried again for ever");
    f.unsupported("sending_queue", "the exporters of the pipelines have queues; set sending_queue there");
  }

  void validate(config::Validator& v) const {
    if (!priority_levels.is_sequence() || priority_levels.items().empty())
      return v.error("priority_levels", "must be a list of lists of pipelines, at least one",
                     "for example [[logs/first], [logs/second]]");
    std::set<std::string> seen;
    std::string signal;
    for (const config::Node& level : priority_levels.items()) {
      const bool is_list = level.is_sequence() && !level.items().empty();
      if (!is_list || !std::all_of(level.items().begin(), level.items().end(), [](auto& id) { return id.is_scalar(); }))
        return v.error("priority_levels", "each level must be a list of pipeline ids, at least one");
      for (const config::Node& id : level.items()) {
        const std::string first = id.text().substr(0, id.text().find('/'));
        if (!seen.insert(id.text()).second) v.error("priority_levels", "names pipeline \"" + id.text() + "\" twice");
        if (!signal.empty() && signal != first)
          v.error("priority_levels", "names pipelines of " + signal + " and of " + first,
                  "configure a failover for each signal: failover/" + signal + " and failover/" + first);
        signal = first;
      }
    }
  }

  Levels levels() const {
    Levels all;
    for (const config::Node& level : priority_levels.items()) {
      auto& ids = all.emplace_back();
      for (const config::Node& id : level.items()) ids.push_back(id.text());
    }
    return all;
  }
  std::vector<std::string> named_pipelines() const {
    std::vector<std::string> all;
    for (const auto& level : levels()) all.insert(all.end(), level.begin(), level.end());
    return all;
  }
};

class FailoverConnector final : public Connector {
 public:
  FailoverConnector(const FailoverConfig& config, const ComponentContext& context, std::vector<Intake*> levels)
      : label_(context.id.text()),
        clock_(context.environment.clock),
        log_(context.environment.log),
        interval_(config.retry_interval),
        levels_(std::move(levels)),
        level_gauge_(context.environment.counters.gauge("rankwire_failover_level",
                                                        "The priority level in use; 1 is the one to use first.",
                                                        {{"connector", label_}})) {
    level_gauge_.set(1);
  }

  bool reads_records() const override { return false; }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    const Bytes size = batch.memory_bytes();
    const std::size_t level = choose(size, batch.record_count());
    Intake& door = *levels_[level];
    auto admission = door.admit(size);
    if (!admission) return std::move(admission).error();
    Result<void> delivered = door.deliver(std::move(*admission), std::move(batch), std::move(completion));
    if (!delivered && delivered.error().is_retryable()) leave(level);
    return delivered;
  }

  bool has_room(Signal, Bytes size, std::uint64_t records) const override {
    return std::any_of(levels_.begin(), levels_.end(), [&](Intake* door) { return door->has_room(size, records); });
  }

  std::optional<std::string> unhealthy() const override {
    const std::lock_guard lock(mutex_);
    if (current_ == 0) return {};
    return "level " + std::to_string(current_ + 1) + " is in use, as the ones before it take nothing";
  }

 private:
  // The level in use, or the first before it if it is time to try again; whichever has room, if any has.
  std::size_t choose(Bytes size, std::uint64_t records) {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    const bool is_time = current_ != 0 && now >= retry_at_;
    if (is_time) retry_at_ = now + interval_;
    const std::size_t begin = is_time ? 0 : current_;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const std::size_t level = (begin + i) % levels_.size();
      if (!levels_[level]->has_room(size, records)) continue;
      use(level, now);
      return level;
    }
    return current_;
  }

  // It took a batch back although it had room.
  void leave(std::size_t level) {
    const std::lock_guard lock(mutex_);
    if (level == current_ && levels_.size() > 1) use((level + 1) % levels_.size(), clock_.now());
  }

  void use(std::size_t level, Instant now) {
    if (level == current_) return;
    if (level > current_)
      log_.warn("a level takes no data any more", {{"connector", label_}, {"level", current_ + 1}, {"now", level + 1}});
    else
      log_.info("a level takes data again", {{"connector", label_}, {"level", level + 1}});
    if (level > current_ || current_ == 0) retry_at_ = now + interval_;
    current_ = level;
    level_gauge_.set(static_cast<std::int64_t>(level + 1));
  }

  const std::string label_;
  const Clock& clock_;
  Logger& log_;
  const Duration interval_;
  const std::vector<Intake*> levels_;
  Gauge& level_gauge_;
  mutable std::mutex mutex_;
  std::size_t current_ = 0;  // Guarded by mutex_.
  Instant retry_at_{};       // Guarded by mutex_.
};

Result<std::unique_ptr<Connector>> create(const FailoverConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  std::vector<Intake*> levels;
  for (const auto& pipelines : config.levels()) {
    auto door = intakes.named->to(pipelines);
    if (!door) return std::move(door).error();
    levels.push_back(*door);
  }
  return std::make_unique<FailoverConnector>(config, context, std::move(levels));
}

}  // namespace

ConnectorFactory failover_factory() {
  return make_factory<FailoverConfig, Connector, Intakes>(
      {.type = "failover",
       .aliases = {},
       .summary = "Sends everything to the first of several levels of pipelines that takes it.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::alpha},
      create);
}

}  // namespace rankwire::failover
