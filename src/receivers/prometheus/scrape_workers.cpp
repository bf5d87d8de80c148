#include "receivers/prometheus/scrape_workers.hpp"

#include <algorithm>

namespace rankwire::prometheus {

Result<void> ScrapeWorkers::start() {
  const std::lock_guard lock(mutex_);
  is_started_ = true;
  return add_thread();
}

Result<void> ScrapeWorkers::add_thread() {
  if (!is_started_ || threads_.size() >= threads_max) return {};
  std::erase_if(threads_, [](const Thread& thread) { return thread.has_ended; });
  Thread& thread = threads_.emplace_back();
  auto worker = Worker::start("rw-scrape", [this, &thread](const std::stop_token&) { run(thread); });
  if (!worker) {
    threads_.pop_back();
    return std::move(worker).error();
  }
  thread.worker = std::move(*worker);
  return {};
}

void ScrapeWorkers::wake() {
  nap_.request_stop();
  nap_ = std::stop_source();
}

void ScrapeWorkers::add(std::shared_ptr<Scraper> scraper, Instant first) {
  const std::lock_guard lock(mutex_);
  const Scraper* const key = scraper.get();
  entries_.emplace(key, Entry{.scraper = std::move(scraper), .due = first});
  wake();
}

void ScrapeWorkers::remove(const std::shared_ptr<Scraper>& scraper) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(scraper.get());
  if (found == entries_.end()) return;
  found->second.is_removed = true;
  found->second.due = clock_.now();
  wake();
}

ScrapeWorkers::Entry* ScrapeWorkers::earliest() {
  Entry* first = nullptr;
  for (auto& [key, entry] : entries_)
    if (!entry.is_running && (first == nullptr || entry.due < first->due)) first = &entry;
  return first;
}

void ScrapeWorkers::run(Thread& self) {
  std::unique_lock lock(mutex_);
  while (is_started_) {
    Entry* const next = earliest();
    if (next != nullptr && next->due <= clock_.now()) {
      run_one(*next, lock);
    } else if (!is_one_waiting_) {
      wait(next != nullptr ? next->due : Instant::max(), lock);
    } else {
      break;
    }
  }
  self.has_ended = true;
}

void ScrapeWorkers::wait(Instant until, std::unique_lock<std::mutex>& lock) {
  const std::stop_token nap = nap_.get_token();
  is_one_waiting_ = true;
  lock.unlock();
  (void)clock_.wait_until(until, nap);
  lock.lock();
  is_one_waiting_ = false;
}

void ScrapeWorkers::run_one(Entry& entry, std::unique_lock<std::mutex>& lock) {
  entry.is_running = true;
  const std::shared_ptr<Scraper> scraper = entry.scraper;
  const Duration interval = scraper->target().interval;
  const bool is_end = entry.is_removed;
  const Deadline patience{std::max(entry.due + interval, clock_.now())};
  // Somebody must wait for the next. Where the system gives no thread, this one does it, later.
  if (!is_one_waiting_) (void)add_thread();
  lock.unlock();
  if (is_end) {
    scraper->end(patience, stop_.get_token());
  } else {
    scraper->scrape(patience, stop_.get_token());
  }
  lock.lock();
  entry.is_running = false;
  if (is_end) {
    entries_.erase(scraper.get());
  } else if (!entry.is_removed) {
    // A scrape that took longer than an interval leaves out those in between.
    const Instant now = clock_.now();
    do entry.due += interval;
    while (entry.due <= now);
  }
  wake();
}

void ScrapeWorkers::stop() {
  std::list<Thread> threads;
  {
    const std::lock_guard lock(mutex_);
    is_started_ = false;
    stop_.request_stop();
    wake();
    threads.swap(threads_);
  }
  for (Thread& thread : threads) thread.worker.join();
  entries_.clear();
}

}  // namespace rankwire::prometheus
