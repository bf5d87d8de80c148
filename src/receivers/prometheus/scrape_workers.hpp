// Threads that scrape what is due. As few as keep up: one that waits, and another whenever something is due that nobody
// takes; who finds nothing due while another waits ends.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>

#include "base/clock.hpp"
#include "base/worker.hpp"
#include "receivers/prometheus/scraper.hpp"

namespace rankwire::prometheus {

class ScrapeWorkers {
 public:
  explicit ScrapeWorkers(const Clock& clock) : clock_(clock) {}
  ~ScrapeWorkers() { stop(); }

  Result<void> start();
  // Scraped for the first time at `first`, then once each interval. Any thread, also before `start`.
  void add(std::shared_ptr<Scraper> scraper, Instant first);
  // It is not scraped any more when its scrape under way, if there is one, has ended; its series are then ended.
  void remove(const std::shared_ptr<Scraper>& scraper);
  // Ends what is under way. Nothing is scraped any more.
  void stop();

 private:
  struct Entry {
    std::shared_ptr<Scraper> scraper;
    Instant due;
    bool is_removed = false;
    bool is_running = false;
  };
  using Entries = std::map<const Scraper*, Entry>;

  struct Thread {
    Worker worker;
    bool has_ended = false;
  };

  void run(Thread& self);
  // With the mutex held:
  void run_one(Entry& entry, std::unique_lock<std::mutex>& lock);
  void wait(Instant until, std::unique_lock<std::mutex>& lock);
  Entry* earliest();
  Result<void> add_thread();
  void wake();

  static constexpr std::size_t threads_max = 32;

  const Clock& clock_;
  const std::stop_source stop_;
  std::mutex mutex_;
  Entries entries_;              // Guarded by mutex_. Entries stay in place.
  bool is_started_ = false;      // Guarded by mutex_.
  bool is_one_waiting_ = false;  // Guarded by mutex_.
  std::stop_source nap_;         // Guarded by mutex_. Ends the wait under way.
  std::list<Thread> threads_;    // Guarded by mutex_ until stopped.
};

}  // namespace rankwire::prometheus
