// Follows the objects of one collection of the API server: lists them, then watches from where the list ended, again
// and again. A break is resumed from the last version heard of (bookmarks keep it young); what the server no longer
// knows (410) is listed anew.
#pragma once

#include <string>

#include "base/counters.hpp"
#include "base/random.hpp"
#include "kubernetes/api_client.hpp"
#include "signal/value.hpp"

namespace rankwire::kubernetes {

// Called by the thread of ObjectWatch::run, one call at a time. Objects are views for the time of the call.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // All that is put from here to `listing_ended` is all there is; a listing that breaks off begins anew.
  virtual void listing_begins() = 0;
  virtual void listing_ended() = 0;
  virtual void put(const Value& object) = 0;
  // What was there before is another by now.
  virtual void changed(const Value& object) { put(object); }
  virtual void removed(const Value& object) = 0;
};

struct WatchOptions {
  std::string path;       // "/api/v1/pods"
  std::string selectors;  // "fieldSelector=…&labelSelector=…", escaped; may be empty.
  // Whether the first list may come from the server's cache, all at once: right for the few objects of a node, where
  // a consistent read would make the server look through all of the cluster.
  bool is_small = false;
  std::uint64_t page_size = 100;
  Duration watch_time = std::chrono::minutes(5);  // Of one watch; up to twice that.
  Duration answer_time = std::chrono::seconds(30);
  Duration retry_first = std::chrono::milliseconds(200);
  Duration retry_max = std::chrono::seconds(30);
  std::size_t object_bytes_max = 4 << 20;  // etcd takes no object above 1.5 MiB.
  std::string owner;                       // For telemetry: the component.
  std::string version;                     // To watch from; empty: list first.
};

class ObjectWatch {
 public:
  ObjectWatch(WatchOptions options, ApiClient& client, Clock& clock, Random& random, Logger& log, Counters& counters,
              WatchSink& sink);

  // Until stopped.
  void run(const std::stop_token& stop);
  // Of what was heard of last. For the thread of `run`.
  const std::string& version() const { return version_; }
  // One event of a watch, as bytes: tells the sink. For tests and fuzzers; otherwise private.
  Result<void> take_event(std::string_view json);

 private:
  Result<void> list(const std::stop_token& stop);
  Result<void> list_page(std::string& next_page, const std::stop_token& stop);
  Result<void> watch(const std::stop_token& stop);
  Result<void> take_item(std::string_view json);
  void passed_over(std::uint64_t objects);
  void wait_after(const Error& error, const std::stop_token& stop);
  std::string target(const std::string& query) const;

  const WatchOptions options_;
  ApiClient& client_;
  Clock& clock_;
  Random& random_;
  Logger& log_;
  WatchSink& sink_;
  Counter &lists_, &watches_, &failures_, &events_, &unreadable_;
  std::string version_;  // Of the last event; empty: list first.
  bool has_listed_ = false;
  std::uint32_t failed_ = 0;  // In a row.
};

}  // namespace rankwire::kubernetes
