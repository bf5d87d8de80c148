// Takes packets of lines from any thread, keeps the window of the interval, and passes on what it held when it ends:
// also events and service checks, as log records, at once.
#pragma once

#include <deque>
#include <mutex>

#include "component/factory.hpp"
#include "component/intake.hpp"
#include "component/timer.hpp"
#include "receivers/statsd/window.hpp"

namespace rankwire::statsd {

class Collector {
 public:
  // `config` outlives this.
  Collector(const StatsdConfig& config, const ComponentContext& context, Intakes intakes);

  Result<void> start();
  // What is left goes on if it can by then; the rest is counted as dropped. Nobody calls `take` any more.
  void stop(Deadline deadline);

  // Lines, with a line end between them.
  void take(const Sender& sender, std::string_view packet);
  // A line that was given up before it was whole.
  void refuse(const char* reason);

 private:
  void take_line(const Sender& sender, std::string_view line, std::uint64_t now);
  void take_event(const Sender& sender, std::string_view line, std::uint64_t now);
  void refused(std::string_view reason, std::string_view line);
  bool is_nearly_full() const;  // With the mutex held.
  Instant work(const std::stop_token& stop);
  // Ends the window, if it holds anything, and passes on all that waits. False: stopped, or the deadline has passed.
  bool pass_on(const std::stop_token& stop, Deadline deadline, bool ends_window);
  void end_window();

  const StatsdConfig& config_;
  const Rules rules_;
  Environment& environment_;
  const std::string id_;
  const Intakes intakes_;
  Counter& lines_;
  std::mutex mutex_;
  std::unique_ptr<Window> window_;       // Guarded by mutex_.
  std::optional<LogBatch> events_;       // Guarded by mutex_.
  std::deque<SignalBatch> waiting_;      // Of the timer's thread, and of `stop` after it has ended.
  Instant next_flush_ = Instant::max();  // As waiting_.
  Timer timer_;
};

}  // namespace rankwire::statsd
