// Traces that wait for their decision, and the decisions that spans which come late follow. Any thread files what
// arrives; one thread takes what is due, decides about it and says what it decided. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>

#include "processors/tail_sampling/arrival.hpp"
#include "processors/tail_sampling/tail_sampling_config.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::tail_sampling {

// Why it is a trace's turn. `fresh`: spans of it came that are to be looked at now.
enum class Turn : std::uint8_t { due, too_many, too_much_memory, too_large, fresh };
inline constexpr std::size_t turn_count = 5;

// What is let go of, to be destroyed while no lock is held: completions hear of it.
struct Released {
  std::vector<Held> helds;
  std::vector<std::unique_ptr<Arrival>> arrivals;
};

// A trace whose turn it is. Its pieces stay until it is decided.
struct Case {
  Identity key;
  TraceId trace;
  Turn turn = Turn::due;
  std::vector<const Piece*> pieces;
  std::size_t fresh_from = 0;  // Pieces from here on were in no earlier case.
  std::uint64_t spans = 0;
};

class Waiting {
 public:
  Waiting(const TailSamplingConfig& config, Counters& counters, const Labels& labels);

  // Ask first: an arrival that has come so far is taken.
  bool has_room() const;
  // False: stopped.
  bool wait_for_room(const std::stop_token& stop);
  // Of what waits, and of remembered decisions.
  Bytes memory() const { return {bytes_.load() + remembered_bytes_.load()}; }
  std::uint64_t traces() const { return traces_.load(); }

  // Returns when the thread that decides must be awake.
  Instant file(std::unique_ptr<Arrival> arrival, Held held, Instant now);

  // Of the thread that decides:
  // The next whose turn it is at `now`; `is_stopping`: any. A fresh case need not be decided.
  std::optional<Case> next(Instant now, bool is_stopping = false);
  // Spans of it that came meanwhile follow the decision.
  void decided(const Case& decided, bool is_sampled, Instant now, Released& released);
  // Spans that came after their trace was sampled; each is released in the end.
  std::vector<const Piece*> take_late();
  void release(const Piece& piece, Released& released);
  // When there is something to do again. Makes room and forgets what is too old.
  Instant due(Instant now);

  // In the end: whatever is left. Each arrival with what is held of it, at the same place.
  void clear(Released& released);
  // Before that: the spans that are left of arrivals in part decided, in requests of about `size` bytes.
  struct Rest {
    Buffer bytes;
    std::uint64_t spans = 0;
  };
  std::vector<Rest> rest_of_decided(std::size_t size);

 private:
  struct Trace;
  struct Link {
    Trace* older = nullptr;
    Trace* newer = nullptr;
    Instant due{};
    bool is_in = false;
  };
  struct Trace {
    TraceId id;
    Identity key;
    Piece* first = nullptr;
    Piece* last = nullptr;
    Piece* fresh = nullptr;  // From here on in no case yet.
    std::uint64_t spans = 0, bytes = 0;
    Link by_wait, by_root;
    bool is_fresh = false;    // Among fresh_.
    bool is_hurried = false;  // Among hurried_, and in no line.
    Turn turn = Turn::due;
    std::uint64_t hurried_bytes = 0;
  };
  // Traces in the order in which they are due: the wait is the same for all.
  template <Link Trace::* link>
  struct Line {
    Trace* oldest = nullptr;
    Trace* newest = nullptr;

    Instant due() const;
    void add(Trace& trace, Instant due);
    void remove(Trace& trace);
  };
  struct Decided {
    Instant at{};
  };
  using Memory = ExpiringMap<Decided>;
  struct Figures {
    Figures(Counters& counters, const Labels& labels);
    Counter& new_traces;
    Counter& late_sampled;
    Counter& late_not_sampled;
    Counter* early[turn_count] = {};
    Histogram& late_age;
  };

  void file_piece(Piece& piece, Instant now, Released& released);
  bool follow_decision(const Piece& piece, const Identity& key, Instant now, Released& released);
  Trace& find_or_add(const Identity& key, const TraceId& id, Instant now);
  void hurry(Trace& trace, Turn turn);
  void hurry_oldest();
  Trace* turn_of(Instant now, bool is_stopping, Turn& turn);
  Trace* take_first(std::deque<Identity>& keys, bool Trace::* is_among);
  void let_go(const Piece& piece, Released& released);
  void forget(Trace& trace);
  Instant due_locked(Instant now) const;
  void note_remembered();

  const Duration wait_, wait_after_root_;
  const std::uint64_t traces_max_, trace_bytes_max_, bytes_max_, bytes_wanted_;
  const bool refuses_new_, is_ingesting_;
  const Figures figures_;
  std::atomic<std::uint64_t> bytes_{0}, traces_{0}, remembered_bytes_{0};  // Traces that are not hurried.

  std::mutex mutex_;
  std::condition_variable_any room_;
  // Guarded by mutex_:
  std::unordered_map<Identity, Trace> by_key_;
  std::list<std::unique_ptr<Arrival>> arrivals_;
  Line<&Trace::by_wait> by_wait_;
  Line<&Trace::by_root> by_root_;
  std::deque<Identity> hurried_, fresh_;  // Keys may be of traces that are decided by now.
  std::uint64_t hurried_bytes_ = 0;
  std::vector<const Piece*> late_;
  Memory sampled_, not_sampled_;
};

}  // namespace rankwire::tail_sampling
