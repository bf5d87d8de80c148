#include "processors/tail_sampling/waiting.hpp"

#include "component/timer.hpp"

namespace rankwire::tail_sampling {
namespace {

// Spans that come so much later than their trace was decided are a trace of their own.
constexpr Duration remembered_for = std::chrono::hours(1);

// Beside a trace itself: its node, the hash and a slot.
constexpr std::uint64_t node_bytes = sizeof(Identity) + 4 * sizeof(void*);

ExpiringMapLimits limits_of(std::uint64_t entries, std::uint64_t otherwise, std::uint64_t entry_bytes) {
  return {.bytes_max = {(entries != 0 ? entries : otherwise) * entry_bytes}, .idle_max = remembered_for};
}

Labels with(Labels labels, const char* name, const char* value) {
  labels.emplace_back(name, value);
  return labels;
}

}  // namespace

Waiting::Figures::Figures(Counters& counters, const Labels& labels)
    : new_traces(
          counters.counter("otelcol_processor_tail_sampling_new_trace_id_received", "Traces that began.", labels)),
      late_sampled(counters.counter("otelcol_processor_tail_sampling_early_releases_from_cache_decision",
                                    "Spans that followed a decision made before they came.",
                                    with(labels, "sampled", "true"))),
      late_not_sampled(counters.counter("otelcol_processor_tail_sampling_early_releases_from_cache_decision",
                                        "Spans that followed a decision made before they came.",
                                        with(labels, "sampled", "false"))),
      late_age(counters.histogram("otelcol_processor_tail_sampling_sampling_late_span_age",
                                  "Seconds between a decision and a span that came after it.",
                                  {1, 5, 10, 30, 60, 300, 900, 3600}, labels)) {
  const auto early_for = [&](Turn turn, const char* reason) {
    early[static_cast<std::size_t>(turn)] =
        &counters.counter("rankwire_tail_sampling_early_decisions_total",
                          "Traces decided before their time, to make room.", with(labels, "reason", reason));
  };
  early_for(Turn::too_many, "num_traces");
  early_for(Turn::too_much_memory, "max_state_size");
}

template <Waiting::Link Waiting::Trace::* link>
Instant Waiting::Line<link>::due() const {
  return oldest != nullptr ? (oldest->*link).due : Timer::never;
}

template <Waiting::Link Waiting::Trace::* link>
void Waiting::Line<link>::add(Trace& trace, Instant due) {
  Link& own = trace.*link;
  if (own.is_in) return;
  own = {.older = newest, .newer = nullptr, .due = due, .is_in = true};
  (newest != nullptr ? (newest->*link).newer : oldest) = &trace;
  newest = &trace;
}

template <Waiting::Link Waiting::Trace::* link>
void Waiting::Line<link>::remove(Trace& trace) {
  Link& own = trace.*link;
  if (!own.is_in) return;
  (own.older != nullptr ? (own.older->*link).newer : oldest) = own.newer;
  (own.newer != nullptr ? (own.newer->*link).older : newest) = own.older;
  own.is_in = false;
}

Waiting::Waiting(const TailSamplingConfig& config, Counters& counters, const Labels& labels)
    : wait_(config.decision_wait),
      wait_after_root_(config.decision_wait_after_root_received),
      traces_max_(config.num_traces),
      trace_bytes_max_(config.maximum_trace_size_bytes != 0 ? config.maximum_trace_size_bytes : UINT64_MAX),
      bytes_max_(config.max_state_size.count),
      bytes_wanted_(bytes_max_ - bytes_max_ / 8),
      refuses_new_(config.block_on_overflow),
      is_ingesting_(config.sampling_strategy == Strategy::span_ingest),
      figures_(counters, labels),
      sampled_(limits_of(config.decision_cache.sampled_cache_size, config.num_traces, Memory::entry_bytes),
               StateFigures(counters, labels)),
      not_sampled_(limits_of(config.decision_cache.non_sampled_cache_size, config.num_traces, Memory::entry_bytes),
                   StateFigures(counters, labels)) {
  constexpr std::uint64_t expected_max = 1'000'000;
  const auto seconds = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(wait_).count());
  const std::uint64_t rate = std::min(config.expected_new_traces_per_sec, expected_max);
  by_key_.reserve(std::min({rate * std::min(seconds, expected_max), traces_max_, expected_max}));
}

bool Waiting::has_room() const { return bytes_ <= bytes_max_ && (!refuses_new_ || traces_ < traces_max_); }

bool Waiting::wait_for_room(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return room_.wait(lock, stop, [this] { return has_room(); }) && !stop.stop_requested();
}

Instant Waiting::file(std::unique_ptr<Arrival> arrival, Held held, Instant now) {
  Released released;
  const std::lock_guard lock(mutex_);
  Arrival& filed = *arrival;
  filed.held = std::move(held);
  bytes_ += filed.memory().count;
  filed.place = arrivals_.insert(arrivals_.end(), std::move(arrival));
  if (filed.undecided == 0) {
    released.arrivals.push_back(std::move(*filed.place));
    bytes_ -= filed.memory().count;
    arrivals_.erase(filed.place);
    return Timer::never;
  }
  for (Piece& piece : filed.pieces()) file_piece(piece, now, released);
  hurry_oldest();
  note_remembered();
  return due_locked(now);
}

void Waiting::file_piece(Piece& piece, Instant now, Released& released) {
  const Identity key = key_of(piece.trace);
  if (!by_key_.contains(key) && follow_decision(piece, key, now, released)) return;
  Trace& trace = find_or_add(key, piece.trace, now);
  (trace.last != nullptr ? trace.last->next : trace.first) = &piece;
  trace.last = &piece;
  trace.spans += piece.spans;
  trace.bytes += piece.bytes;
  if (is_ingesting_ && trace.fresh == nullptr) {
    trace.fresh = &piece;
    if (!std::exchange(trace.is_fresh, true)) fresh_.push_back(key);
  }
  if (trace.is_hurried) return;
  if (trace.bytes > trace_bytes_max_) {
    hurry(trace, Turn::too_large);
  } else if (piece.has_root && wait_after_root_.count() > 0 && now + wait_after_root_ < trace.by_wait.due) {
    by_root_.add(trace, now + wait_after_root_);
  }
}

bool Waiting::follow_decision(const Piece& piece, const Identity& key, Instant now, Released& released) {
  Memory::Entry* entry = sampled_.find(key, now);
  const bool is_sampled = entry != nullptr;
  if (!is_sampled) entry = not_sampled_.find(key, now);
  if (entry == nullptr) return false;
  figures_.late_age.observe(std::chrono::duration<double>(now - entry->state.at).count());
  (is_sampled ? figures_.late_sampled : figures_.late_not_sampled).add(piece.spans);
  if (is_sampled) {
    late_.push_back(&piece);
  } else {
    let_go(piece, released);
    released.helds.back().drop(piece.spans, "sampled_out");
  }
  return true;
}

Waiting::Trace& Waiting::find_or_add(const Identity& key, const TraceId& id, Instant now) {
  const auto [at, is_new] = by_key_.try_emplace(key);
  Trace& trace = at->second;
  if (!is_new) return trace;
  trace.id = id;
  trace.key = key;
  by_wait_.add(trace, now + wait_);
  ++traces_;
  bytes_ += sizeof(Trace) + node_bytes;
  figures_.new_traces.add();
  return trace;
}

void Waiting::hurry(Trace& trace, Turn turn) {
  by_wait_.remove(trace);
  by_root_.remove(trace);
  trace.is_hurried = true;
  trace.turn = turn;
  trace.hurried_bytes = trace.bytes;
  hurried_bytes_ += trace.bytes;
  hurried_.push_back(trace.key);
  --traces_;
  if (Counter* early = figures_.early[static_cast<std::size_t>(turn)]) early->add();
}

void Waiting::hurry_oldest() {
  while (!refuses_new_ && traces_ > traces_max_ && by_wait_.oldest != nullptr) hurry(*by_wait_.oldest, Turn::too_many);
  while (bytes_ > bytes_wanted_ + hurried_bytes_ && by_wait_.oldest != nullptr)
    hurry(*by_wait_.oldest, Turn::too_much_memory);
}

// The first that is still there.
Waiting::Trace* Waiting::take_first(std::deque<Identity>& keys, bool Trace::* is_among) {
  while (!keys.empty()) {
    const auto found = by_key_.find(keys.front());
    keys.pop_front();
    if (found != by_key_.end() && found->second.*is_among) return &found->second;
  }
  return nullptr;
}

Waiting::Trace* Waiting::turn_of(Instant now, bool is_stopping, Turn& turn) {
  if (Trace* trace = take_first(fresh_, &Trace::is_fresh)) {
    turn = Turn::fresh;
    return trace;
  }
  if (Trace* trace = take_first(hurried_, &Trace::is_hurried)) {
    turn = trace->turn;
    return trace;
  }
  turn = Turn::due;
  if (by_root_.due() <= now) return by_root_.oldest;
  return by_wait_.due() <= now || is_stopping ? by_wait_.oldest : nullptr;
}

std::optional<Case> Waiting::next(Instant now, bool is_stopping) {
  const std::lock_guard lock(mutex_);
  Turn turn = Turn::due;
  Trace* const trace = turn_of(now, is_stopping, turn);
  if (trace == nullptr) return {};
  Case found{.key = trace->key, .trace = trace->id, .turn = turn, .pieces = {}, .fresh_from = 0, .spans = trace->spans};
  for (const Piece* piece = trace->first; piece != nullptr; piece = piece->next) {
    if (piece == trace->fresh) found.fresh_from = found.pieces.size();
    found.pieces.push_back(piece);
  }
  trace->fresh = nullptr;
  trace->is_fresh = false;
  return found;
}

void Waiting::decided(const Case& decided, bool is_sampled, Instant now, Released& released) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(decided.key);
  if (auto remembered = (is_sampled ? sampled_ : not_sampled_).find_or_add(decided.key, now); remembered.entry)
    remembered.entry->state.at = now;
  const Piece* late = decided.pieces.back()->next;
  for (const Piece* piece : decided.pieces) let_go(*piece, released);
  for (const Piece* next = nullptr; late != nullptr; late = next) {
    next = late->next;
    if (is_sampled) {
      late_.push_back(late);
    } else {
      let_go(*late, released);
    }
  }
  forget(found->second);
  by_key_.erase(found);
  note_remembered();
}

std::vector<const Piece*> Waiting::take_late() {
  const std::lock_guard lock(mutex_);
  return std::exchange(late_, {});
}

void Waiting::release(const Piece& piece, Released& released) {
  const std::lock_guard lock(mutex_);
  let_go(piece, released);
}

// The piece is gone if it was the last of its arrival.
void Waiting::let_go(const Piece& piece, Released& released) {
  Arrival& arrival = *piece.arrival;
  released.helds.push_back(arrival.held.split(piece.spans));
  arrival.undecided -= piece.spans;
  if (arrival.undecided != 0) return;
  bytes_ -= arrival.memory().count;
  released.arrivals.push_back(std::move(*arrival.place));
  arrivals_.erase(arrival.place);
  if (has_room()) room_.notify_all();
}

void Waiting::forget(Trace& trace) {
  by_wait_.remove(trace);
  by_root_.remove(trace);
  if (!trace.is_hurried) --traces_;
  hurried_bytes_ -= trace.hurried_bytes;
  bytes_ -= sizeof(Trace) + node_bytes;
  if (has_room()) room_.notify_all();
}

Instant Waiting::due(Instant now) {
  const std::lock_guard lock(mutex_);
  sampled_.expire(now);
  not_sampled_.expire(now);
  note_remembered();
  hurry_oldest();
  return due_locked(now);
}

Instant Waiting::due_locked(Instant now) const {
  if (!late_.empty() || !hurried_.empty() || !fresh_.empty()) return now;
  return std::min(by_wait_.due(), by_root_.due());
}

void Waiting::note_remembered() { remembered_bytes_ = sampled_.bytes().count + not_sampled_.bytes().count; }

std::vector<Waiting::Rest> Waiting::rest_of_decided(std::size_t size) {
  std::vector<Rest> rests;
  Assembler assembler;
  const auto add = [&](const Piece& piece) {
    if (piece.arrival->undecided == piece.arrival->spans()) return;
    if (rests.empty() || rests.back().bytes.size() >= size) rests.emplace_back();
    assembler.append(piece, rests.back().bytes);
    rests.back().spans += piece.spans;
  };
  const std::lock_guard lock(mutex_);
  for (const Piece* piece : late_) add(*piece);
  for (const auto& [key, trace] : by_key_)
    for (const Piece* piece = trace.first; piece != nullptr; piece = piece->next) add(*piece);
  return rests;
}

void Waiting::clear(Released& released) {
  const std::lock_guard lock(mutex_);
  for (auto& arrival : arrivals_) {
    released.helds.push_back(std::move(arrival->held));
    released.arrivals.push_back(std::move(arrival));
  }
  arrivals_.clear();
  by_key_.clear();
  by_wait_ = {};
  by_root_ = {};
  hurried_.clear();
  fresh_.clear();
  late_.clear();
  hurried_bytes_ = 0;
  bytes_ = traces_ = 0;
}

}  // namespace rankwire::tail_sampling
