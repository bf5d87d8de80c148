// Follows the events of one namespace, or of all, and delivers each as it comes. What a destination lost is watched
// again from the version before it. While the pipeline is full nothing is read on: the API server keeps events for an
// hour.
#pragma once

#include <atomic>

#include "base/worker.hpp"
#include "component/factory.hpp"
#include "component/position.hpp"
#include "kubernetes/object_watch.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::k8s_events {

struct EventWatchOptions {
  std::string namespace_name;  // Empty: all.
  Duration dedup_interval{0};
  std::string position_path;  // Empty: not stored.
  bool must_sync = false;
  std::uint64_t begin_nanos = 0;  // What happened before it is old, unless a position was stored.
};

class EventWatch final : public kubernetes::WatchSink {
 public:
  // All outlive the watch. `progressed` is called from any thread, and must not call the watch.
  EventWatch(EventWatchOptions options, kubernetes::ApiClient& client, const ComponentContext& context, Intake& next,
             std::function<void()> progressed);
  ~EventWatch() override;

  Result<void> start();
  void request_stop() { worker_.request_stop(); }
  // After that.
  void finish(Deadline deadline);
  // Writes how far all is settled. One thread at a time.
  void store();

  void listing_begins() override;
  void listing_ended() override;
  void put(const Value& event) override { take(event, false); }
  void changed(const Value& event) override { take(event, true); }
  void removed(const Value&) override {}  // The server forgets events after an hour.

 private:
  void run(const std::stop_token& stop);
  void restore();
  void take(const Value& event, bool is_change);
  bool is_repeated(const Value& event, bool is_change);
  // False: it is to be tried again.
  bool deliver(const Value& event, std::uint64_t next);
  void ended(bool is_lost);
  kubernetes::WatchOptions watch_options() const;

  const EventWatchOptions options_;
  kubernetes::ApiClient& client_;
  Environment& environment_;
  const std::string id_;
  Intake& next_;
  const std::function<void()> progressed_;
  const std::shared_ptr<Position> position_;
  Counter &old_, &repeated_;
  std::uint64_t stored_ = 0;
  bool has_history_ = false;  // A position was stored: what comes behind it is new, however old.

  // The worker's thread.
  kubernetes::ObjectWatch* watch_ = nullptr;
  std::uint64_t floor_ = 0;  // Versions up to here have been taken.
  std::uint64_t last_ = 0;   // The highest that was taken.
  bool is_listing_ = false;
  std::stop_token stop_;  // Of the watch that is going on.
  StateFigures figures_;
  ExpiringMap<Instant> given_;  // When each event was given last.

  std::mutex mutex_;
  std::stop_source round_;  // Guarded by mutex_. Of the watch that is going on.
  Worker worker_;           // Uses everything above.
};

}  // namespace rankwire::k8s_events
