// Spans are filed on the threads that bring them; one timer decides and delivers. With storage they are filed by a
// thread that leases them from disk, and stay there until their traces' ends.
#include "processors/tail_sampling/tail_sampling_processor.hpp"

#include "component/timer.hpp"
#include "otlp/otlp.hpp"
#include "processors/tail_sampling/decider.hpp"
#include "processors/tail_sampling/pending_store.hpp"
#include "processors/tail_sampling/waiting.hpp"

namespace rankwire::tail_sampling {
namespace {

// Traces that are due within this time are decided, and passed on, together.
constexpr Duration gathered_for = std::chrono::milliseconds(100);
// A batch that is passed on is about this large, or one trace; where there is little memory, smaller.
constexpr std::size_t batch_bytes_max = 1u << 20;

class TailSamplingProcessor final : public Connector {
 public:
  TailSamplingProcessor(const TailSamplingConfig& config, const ComponentContext& context, Intakes intakes)
      : config_(config),
        id_(context.id),
        pipeline_(context.pipeline),
        environment_(context.environment),
        intakes_(intakes),
        labels_({{"processor", context.id.text()}, {"pipeline", context.pipeline}}),
        batch_bytes_(std::min<std::size_t>(batch_bytes_max, config.max_state_size.count / 8)),
        too_large_(environment_.counters.counter("otelcol_processor_tail_sampling_traces_dropped_too_large",
                                                 "Traces dropped since they were too large.", labels_)),
        decider_(config, environment_, context.id.text(), labels_),
        waiting_(config, environment_.counters, labels_),
        timer_(environment_.clock, "rw-tailsampling", [this](const std::stop_token& stop) { return tick(stop); }) {}

  Result<void> start(Host& host) override {
    if (config_.storage) {
      RANKWIRE_TRY(open_store(host));
    } else {
      environment_.log.warn(
          "tail_sampling keeps what waits for a decision in memory: a crash loses what was pushed; set storage",
          {{"processor", id_.text()}, {"pipeline", pipeline_}});
    }
    figures_.push_back(environment_.counters.observe("otelcol_processor_tail_sampling_sampling_traces_on_memory",
                                                     "Traces that wait for their decision.", labels_,
                                                     [this] { return static_cast<double>(waiting_.traces()); }));
    RANKWIRE_TRY(timer_.start(Timer::never));
    if (!config_.storage) return {};
    auto filer = Worker::start("rw-tailpending", [this](std::stop_token stop) {
      if (file_leases(*store(), stop)) filed_all_.request_stop();
    });
    if (!filer) return std::move(filer).error();
    filer_ = std::move(*filer);
    return {};
  }

  void stop(Deadline deadline) override {
    filer_.request_stop();
    filer_.join();
    timer_.stop();
    const Patience patience{.clock = environment_.clock, .stop = {}, .deadline = deadline, .is_last = !config_.storage};
    if (const auto store = this->store()) {
      (void)(filed_all_.stop_requested() ? work(patience, true) : flush(patience));
      leave_on_disk(*store, deadline);
    } else if (config_.drop_pending_traces_on_shutdown) {
      (void)flush(patience);
      Released released;
      waiting_.clear(released);
    } else {
      (void)work(patience, true);
    }
    helds_.clear();
    out_ = Buffer();
    leaving_ = 0;
    figures_.clear();
    set_store(nullptr);
  }

  void drain(Deadline deadline) override {
    const auto store = this->store();
    if (!store) return;
    is_draining_ = true;
    store->drain();
    timer_.wake_at(environment_.clock.now());
    (void)environment_.clock.wait_until(deadline.at, filed_all_.get_token());
  }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    WireBatch spans = batch.is_wire() ? std::move(batch.wire()) : otlp::encode(batch, environment_.buffers.get());
    if (config_.storage) {
      const auto store = this->store();
      if (!store) return Error(ErrorKind::cancelled, "tail_sampling has stopped");
      return store->push(std::move(spans));
    }
    if (!waiting_.has_room())
      return Error(ErrorKind::refused, "traces that wait take as much memory as they may, or are as many",
                   std::chrono::milliseconds(1000));
    auto arrival = Arrival::sort(std::move(spans), false);
    if (!arrival) return std::move(arrival).error();
    Held held(intakes_.held, std::move(completion), (*arrival)->spans());
    file(std::move(*arrival), std::move(held));
    return {};
  }

  bool has_room(Signal, Bytes size, std::uint64_t records) const override {
    if (!config_.storage) return waiting_.has_room();
    const auto store = this->store();
    return store && store->has_room(size, records);
  }
  bool reads_records() const override { return false; }  // Not before it decides.
  Bytes held_memory() const override { return waiting_.memory() + Bytes{leaving_.load()}; }

 private:
  Result<void> open_store(Host& host) {
    auto* provider = dynamic_cast<StorageProvider*>(host.extension(*config_.storage));
    if (provider == nullptr)
      return Error(ErrorKind::invalid, "storage names \"" + config_.storage->text() +
                                           "\", which is not a storage extension listed in service::extensions");
    auto directory = provider->directory_for(ComponentKind::processor, id_, "pending-" + pipeline_);
    if (!directory) return std::move(directory).error();
    auto store = PendingStore::open({*directory, provider->must_sync(), provider->size_max(), config_.max_storage_size},
                                    environment_, intakes_.held);
    if (!store) return std::move(store).error().during("opening the traces that wait");
    const std::shared_ptr<PendingStore> opened = std::move(*store);
    set_store(opened);
    figures_.push_back(environment_.counters.observe(
        "rankwire_tail_sampling_storage_bytes", "On disk, of spans that wait for their traces' decisions.", labels_,
        [opened] { return static_cast<double>(opened->disk_bytes().count); }));
    return {};
  }
  std::shared_ptr<PendingStore> store() const {
    const std::lock_guard lock(store_mutex_);
    return store_;
  }
  void set_store(std::shared_ptr<PendingStore> store) {
    const std::lock_guard lock(store_mutex_);
    store_.swap(store);
  }

  // True: all that is on disk, which is being drained. False: stopped.
  bool file_leases(PendingStore& store, const std::stop_token& stop) {
    while (waiting_.wait_for_room(stop)) {
      auto leased = store.pop(stop);
      if (!leased) return !stop.stop_requested();
      auto arrival = Arrival::sort(std::move(leased->batch), true);
      if (arrival) {
        file(std::move(*arrival), std::move(leased->held));
        continue;
      }
      // They were valid when they were pushed.
      environment_.log.error("tail_sampling: spans on disk cannot be read", {{"error", arrival.error().message()}});
      leased->held.drop(leased->held.records(), "unreadable");
    }
    return false;
  }

  void file(std::unique_ptr<Arrival> arrival, Held held) {
    const Instant due = waiting_.file(std::move(arrival), std::move(held), environment_.clock.now());
    if (due != Timer::never) timer_.wake_at(std::max(due, Instant(Duration(not_before_.load()))));
  }

  Instant tick(const std::stop_token& stop) {
    const Instant next = environment_.clock.now() + gathered_for;
    not_before_ = next.time_since_epoch().count();
    if (out_.capacity() == 0) out_ = environment_.buffers->take(batch_bytes_);
    // While it drains nothing more comes than is on disk: of that, as much as memory holds is decided at a time.
    const bool is_draining = is_draining_;
    const bool is_done = work({environment_.clock, stop, Deadline::never()}, is_draining && !waiting_.has_room());
    if (out_.empty()) {
      environment_.buffers->give_back(std::move(out_));
      out_ = Buffer();
      leaving_ = 0;
    }
    if (!is_done) return next;
    const Instant due = waiting_.due(environment_.clock.now());
    return is_draining ? next : std::max(due, next);
  }

  // Decides what is due and passes it on. False: stopped, or out of patience.
  bool work(const Patience& patience, bool is_stopping) {
    if (!flush(patience)) return false;
    bool is_going = true;
    for (const Piece* piece : waiting_.take_late()) {
      assembler_.append(*piece, out_);
      Released released;
      waiting_.release(*piece, released);
      take(released);
      if (is_going && out_.size() >= batch_bytes_) is_going = flush(patience);
    }
    if (!is_going) return false;
    const Instant now = environment_.clock.now();
    while (!patience.stop.stop_requested()) {
      const auto found = waiting_.next(now, is_stopping);
      if (!found) break;
      decide(*found, now);
      if (out_.size() >= batch_bytes_ && !flush(patience)) return false;
    }
    return flush(patience);
  }

  void decide(const Case& found, Instant now) {
    const std::size_t before = out_.size();
    const Decision decision = found.turn == Turn::fresh ? decide_fresh(found) : decide_whole(found);
    if (found.turn == Turn::fresh && decision == Decision::not_sampled) return;
    const bool is_sampled = decision == Decision::sampled;
    decider_.count(decision);
    if (!is_sampled) out_.resize(before);
    Released released;
    waiting_.decided(found, is_sampled, now, released);
    if (is_sampled) return take(released);
    const bool is_too_large = found.turn == Turn::too_large;
    if (is_too_large) too_large_.add();
    for (Held& held : released.helds) held.drop(held.records(), is_too_large ? "too_large" : "sampled_out");
  }

  // What is assembled to be looked at is what is passed on.
  Decision decide_whole(const Case& found) {
    if (found.turn == Turn::too_large || config_.sampling_strategy == Strategy::span_ingest)
      return Decision::not_sampled;
    const std::size_t before = out_.size();
    for (const Piece* piece : found.pieces) assembler_.append(*piece, out_);
    Candidate trace{.id = found.trace, .span_count = found.spans, .bytes = out_.size() - before, .spans = nullptr};
    return ask(trace, out_.view().substr(before), &Decider::decide);
  }

  // Each resource of each new piece by itself, as the original does.
  Decision decide_fresh(const Case& found) {
    for (std::size_t i = found.fresh_from; i < found.pieces.size(); ++i) {
      const Piece& piece = *found.pieces[i];
      for (std::uint32_t at = piece.first; at != Arrival::none;) {
        part_.clear();
        assembler_.append_resource(piece, at, part_);
        Candidate part{.id = found.trace, .span_count = found.spans, .bytes = part_.size(), .spans = nullptr};
        const Decision decision = ask(part, part_.view(), &Decider::decide_part);
        if (decision == Decision::not_sampled) continue;
        if (decision == Decision::sampled)
          for (const Piece* one : found.pieces) assembler_.append(*one, out_);
        return decision;
      }
    }
    return Decision::not_sampled;
  }

  Decision ask(Candidate& trace, std::string_view request, Decision (Decider::*how)(Candidate&)) {
    if (!decider_.looks_at_spans()) return (decider_.*how)(trace);
    auto spans = otlp::decode_traces(request);
    // They were valid when they came. What nobody can decide about is kept.
    if (!spans) return Decision::sampled;
    trace.spans = &*spans;
    return (decider_.*how)(trace);
  }

  // What goes with out_.
  void take(Released& released) {
    for (Held& held : released.helds) {
      records_ += held.records();
      helds_.push_back(std::move(held));
    }
  }

  // Passes on what has been gathered. On failure it stays.
  bool flush(const Patience& patience) {
    if (out_.empty()) return true;
    if (intakes_.traces == nullptr) {
      for (Held& held : helds_) held.pass_on();
    } else {
      WireBatch batch{.signal = Signal::traces, .chunks = {}, .record_count = records_, .size = {out_.size()}};
      batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(out_.view())));
      leaving_ = out_.capacity() + out_.size();
      if (!deliver_held(*intakes_.traces, std::move(batch), helds_, patience)) return false;
    }
    helds_.clear();
    records_ = 0;
    out_.clear();
    leaving_ = out_.capacity();
    return true;
  }

  void leave_on_disk(PendingStore& store, Deadline deadline) {
    store.leave();
    // What could not be passed on brings the rest of its leases with it.
    const bool is_rest_kept = out_.empty() && keep_rest(store);
    Released released;
    waiting_.clear(released);
    for (std::size_t i = 0; is_rest_kept && i < released.arrivals.size(); ++i) {
      const Arrival& arrival = *released.arrivals[i];
      if (arrival.undecided < arrival.spans()) released.helds[i].pass_on();
    }
    released = {};
    helds_.clear();
    store.close(environment_.clock, deadline);
    const std::uint64_t left = store.records();
    if (is_draining_ && left != 0)
      environment_.log.warn(
          "tail_sampling was taken out of the configuration and could not pass on all spans that waited: they stay in "
          "its storage and go on when it is configured again",
          {{"processor", id_.text()}, {"pipeline", pipeline_}, {"spans", left}});
  }
  // Of leases in part decided the rest is written again, so that only that comes back.
  bool keep_rest(PendingStore& store) {
    for (const Waiting::Rest& rest : waiting_.rest_of_decided(batch_bytes_max)) {
      WireBatch batch{.signal = Signal::traces, .chunks = {}, .record_count = rest.spans, .size = {rest.bytes.size()}};
      batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(rest.bytes.view())));
      if (!store.keep(std::move(batch))) return false;
    }
    return true;
  }

  const TailSamplingConfig config_;
  const config::ComponentId id_;
  const std::string pipeline_;
  Environment& environment_;
  const Intakes intakes_;
  const Labels labels_;
  const std::size_t batch_bytes_;
  Counter& too_large_;
  mutable std::mutex store_mutex_;
  std::shared_ptr<PendingStore> store_;  // Guarded by store_mutex_. Null unless started with storage.
  Decider decider_;                      // As all below up to the atomic ones, of the thread that decides.
  Assembler assembler_;
  Buffer out_, part_;
  std::vector<Held> helds_;  // Of what is in out_.
  std::uint64_t records_ = 0;
  std::atomic<std::uint64_t> leaving_{0};
  std::atomic<std::int64_t> not_before_{0};  // The thread that decides sleeps until then at least.
  std::atomic<bool> is_draining_{false};
  std::stop_source filed_all_;  // Of a store that drains.
  Waiting waiting_;
  std::vector<std::shared_ptr<void>> figures_;
  Timer timer_;
  Worker filer_;  // Last, as the timer: their threads use the rest.
};

Result<std::unique_ptr<Connector>> create(const TailSamplingConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  return std::unique_ptr<Connector>(std::make_unique<TailSamplingProcessor>(config, context, intakes));
}

}  // namespace

ProcessorFactory tail_sampling_factory() {
  return make_holding_factory<TailSamplingConfig>({.type = "tail_sampling",
                                                   .aliases = {},
                                                   .summary = "Keeps or drops whole traces, by what is in them.",
                                                   .signals = {Signal::traces},
                                                   .stability = Stability::beta},
                                                  create);
}

}  // namespace rankwire::tail_sampling
