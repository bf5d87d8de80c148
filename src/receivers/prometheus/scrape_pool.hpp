// The targets of one job: what discovery finds, made into targets by the job's rules; new ones are scraped, those that
// are gone are ended, and one that stays is not disturbed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "receivers/prometheus/discovery.hpp"
#include "receivers/prometheus/scrape_workers.hpp"

namespace rankwire::prometheus {

class ScrapePool {
 public:
  struct Options {
    Duration first_scrape{-1};  // After a target is found; below 0: at a time of its own within the interval.
    std::uint64_t seed = 0;
  };
  ScrapePool(Job job, Environment& environment, ScrapeWorkers& workers, Intake* to, Options options);
  ~ScrapePool();

  Result<void> start();
  // Discovery ends. Targets stay with the workers.
  void stop();
  // The job is gone: its series end.
  void end();
  // Each once more, with the workers stopped.
  void scrape_all(Deadline deadline);

  const ScrapeConfig& config() const { return job_->config; }

 private:
  struct Figures {
    std::uint64_t targets = 0, up = 0, dropped = 0, invalid = 0, series = 0;
    Bytes memory;
  };
  Figures figures() const;
  void observe();
  void update(std::size_t source, std::vector<TargetGroup> groups);
  std::map<std::string, ScrapeTarget> targets_now();
  void note_invalid(const Error& error, const OwnedLabels& labels);

  const std::shared_ptr<const Job> job_;
  Environment& environment_;
  ScrapeWorkers& workers_;
  Intake* const to_;
  const Options options_;
  Counter& failures_;
  std::vector<std::unique_ptr<Discovery>> discoveries_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<std::vector<TargetGroup>> found_;               // By discovery; what the configuration lists comes last.
  std::map<std::string, std::shared_ptr<Scraper>> scrapers_;  // By identity.
  std::uint64_t dropped_ = 0, invalid_ = 0;
  std::string last_invalid_;
  std::vector<std::shared_ptr<void>> observed_;
  std::vector<Worker> threads_;  // Last: they use the rest.
};

}  // namespace rankwire::prometheus
