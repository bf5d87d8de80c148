// Runs the detectors and holds what they have found so far. Those that wait for somebody have a thread each, which ends
// with success unless everything is detected again from time to time, and tries again for ever otherwise.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/worker.hpp"
#include "processors/resource_detection/detector.hpp"

namespace rankwire::resource_detection {

// What all of them found, merged: the first detector's value counts. Immutable.
struct Snapshot {
  Arena arena;
  Attributes attributes;
  std::string_view schema_url;
};

struct NamedDetector {
  std::string name;
  std::unique_ptr<Detector> detector;
  bool is_local = false;   // Waits for nobody: its first attempt is part of the start.
  bool is_needed = false;  // The start fails without it.
};

struct DetectionOptions {
  Duration timeout = std::chrono::seconds(5);
  Duration refresh_interval{0};
  std::string processor;  // For telemetry.
  Duration retry_first = std::chrono::seconds(1);
  Duration retry_max = std::chrono::minutes(5);
};

class Detection {
 public:
  Detection(Environment& environment, std::vector<NamedDetector> detectors, DetectionOptions options);
  ~Detection() { stop(); }

  // Returns when every detector has been asked once, or the timeout is over.
  Result<void> start();
  void stop();
  // Any thread.
  std::shared_ptr<const Snapshot> current() const;

 private:
  struct Slot {
    NamedDetector named;
    Counter* failures = nullptr;
    Gauge* is_detected = nullptr;
    Worker worker;
    bool was_asked = false;  // This and what follows are guarded by mutex_.
    std::optional<Found> found;
    std::string error;
  };

  void run(Slot& slot, bool was_detected, std::stop_token stop);
  // True if it was successful.
  bool ask(Slot& slot, std::stop_token stop);
  bool must_go_on(const Slot& slot, bool was_detected) const;
  void publish();  // With mutex_ held.
  Result<void> check_needed();

  Environment& environment_;
  const DetectionOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();  // Guarded by mutex_.
};

}  // namespace rankwire::resource_detection
