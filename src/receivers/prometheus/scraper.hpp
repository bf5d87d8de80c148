// Scrapes one target: a page, what becomes of it, and the scrape's own series, delivered. One thread at a time.
#pragma once

#include <atomic>
#include <optional>

#include "component/intake.hpp"
#include "exposition/target.hpp"
#include "receivers/prometheus/page_client.hpp"
#include "receivers/prometheus/scrape_target.hpp"

namespace rankwire::prometheus {

// What all targets of a job share.
struct Job {
  ScrapeConfig config;  // With what it has from `global`.
  OwnedLabels external_labels;
  bool trims_metric_suffixes = false;
  bool ends_series = true;  // Of targets that are gone. False: another agent goes on with them.
  RelabelRules target_rules, series_rules;
  std::string receiver;  // Its id.
  std::string scope_version;

  // Of the request, but for credentials.
  net::Headers headers(Duration timeout) const;
};

class Scraper {
 public:
  // `to` outlives it and may be null: then pages are read and forgotten.
  Scraper(std::shared_ptr<const Job> job, ScrapeTarget target, Environment& environment, Intake* to,
          std::uint64_t seed);
  ~Scraper();

  const ScrapeTarget& target() const { return target_; }
  std::uint64_t spread() const { return spread_; }  // A number of its own, for when its scrapes are.

  // Waits for the page up to the timeout, and for room up to `deadline`.
  void scrape(Deadline deadline, const std::stop_token& stop);
  // It is gone: its series have ended.
  void end(Deadline deadline, const std::stop_token& stop);

  // Any thread:
  bool is_up() const { return is_up_; }
  std::uint64_t series() const { return series_; }
  Bytes memory() const { return Bytes{memory_.load()}; }

 private:
  class Rules;

  Result<void> read(std::int64_t time_ms, Instant start, const std::stop_token& stop, std::uint64_t& page_bytes);
  void report(std::int64_t time_ms, Duration took, bool is_read, std::uint64_t page_bytes);
  void deliver(Deadline deadline, const std::stop_token& stop);
  void note(const Result<void>& read);

  const std::shared_ptr<const Job> job_;
  const ScrapeTarget target_;
  Environment& environment_;
  Intake* const to_;
  const std::uint64_t spread_;
  const std::unique_ptr<Rules> rules_;
  PageClient client_;
  exposition::Target series_of_;
  std::optional<bool> was_up_;
  std::atomic<bool> is_up_{false};
  std::atomic<std::uint64_t> series_{0}, memory_{0};
};

}  // namespace rankwire::prometheus
