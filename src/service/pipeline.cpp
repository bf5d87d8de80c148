#include "service/pipeline.hpp"

#include <algorithm>

#include "base/planted_bug.hpp"
#include "component/admitted_decode.hpp"
#include "service/last_attempt.hpp"

namespace rankwire::service {
namespace {

// Records in memory beside the bytes they point into, one with some attributes.
constexpr std::uint64_t record_bytes_estimate = 400;

// Seconds; a step of our own takes microseconds, where upstream's boundaries begin at 5 s.
const std::vector<double> duration_bounds = {0.000001, 0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                             0.005,    0.01,    0.025,  0.05,    0.1,    0.5,   1};

constexpr Duration room_recheck = std::chrono::seconds(1);

Bytes decoding_estimate(const WireBatch& wire) {
  return Bytes{wire.size.count * 2 + wire.record_count * record_bytes_estimate};
}

}  // namespace

ProcessorChain::ProcessorChain(std::vector<Step> steps, Signal signal, const std::string& pipeline,
                               Environment& environment)
    : clock_(environment.clock), steps_(std::move(steps)) {
  Counters& counters = environment.counters;
  const std::string noun(record_noun(signal));
  for (Step& step : steps_) {
    const Labels labels = {{"processor", step.label}, {"otel_signal", std::string(to_string(signal))}};
    const Labels component = component_labels(ComponentKind::processor, step.label, signal, pipeline);
    step.incoming = &counters.counter("otelcol_processor_incoming_items", "Records passed to the processor.", labels);
    step.outgoing = &counters.counter("otelcol_processor_outgoing_items", "Records the processor passed on.", labels);
    step.duration = &counters.histogram("otelcol_processor_internal_duration",
                                        "Seconds the processor took for a batch.", duration_bounds, labels);
    step.consumed =
        FlowCounter(counters, "otelcol_processor_consumed_items", "Records passed to the processor.", component);
    step.produced =
        FlowCounter(counters, "otelcol_processor_produced_items", "Records the processor passed on.", component);
    has_work_ |= !(*step.processor)->is_setting();
    if (!(*step.processor)->memory_limit()) continue;
    const std::string prefix = "otelcol_processor_memory_limiter_";
    step.accepted =
        &counters.counter(prefix + "accepted_" + noun, "Records that found memory.", {{"processor", step.label}});
    step.refused = &counters.counter(prefix + "refused_" + noun, "Records refused for want of memory once counted.",
                                     {{"processor", step.label}});
  }
}

Result<void> ProcessorChain::start(Host& host) {
  // The last first: what comes later in the chain is ready before anything can reach it.
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    if (Result<void> started = step->processor->start(host); !started)
      return std::move(started).error().during("starting processor " + step->label);
  return {};
}

void ProcessorChain::stop(Deadline deadline, const std::set<const RunningProcessor*>& kept) {
  for (Step& step : steps_)
    if (!kept.contains(step.processor.get())) step.processor->stop(deadline);
}

void ProcessorChain::count_step(const Step& step, const Result<void>& result, std::uint64_t before,
                                std::uint64_t after) {
  step.incoming->add(before);
  step.consumed.add(result, before);
  if (!result) return;
  step.outgoing->add(after);
  step.produced.add(result, after);
  if (step.accepted) step.accepted->add(after);
}

Result<void> ProcessorChain::run(SignalBatch& batch, Drops& drops) const {
  std::uint64_t before = batch.record_count();
  Instant started = clock_.now();
  for (const Step& step : steps_) {
    Result<void> result;
    if (!(*step.processor)->is_setting()) {
      result = (*step.processor)->process(batch);
      const Instant ended = clock_.now();
      step.duration->observe(std::chrono::duration<double>(ended - started).count());
      started = ended;
    }
    const std::uint64_t after = batch.record_count();
    count_step(step, result, before, after);
    if (!result) return result;
    if (after < before) drops.emplace_back((*step.processor)->drop_reason(), before - after);
    if (after == 0) break;
    before = after;
  }
  return {};
}

void ProcessorChain::count_passed(std::uint64_t records) const {
  for (const Step& step : steps_) count_step(step, {}, records, records);
}

void ProcessorChain::count_refused(std::uint64_t records) const {
  for (const Step& step : steps_)
    if (step.refused) step.refused->add(records);
}

std::vector<ComponentHealth> ProcessorChain::health() const {
  std::vector<ComponentHealth> all;
  for (const Step& step : steps_) all.push_back({ComponentKind::processor, step.label, (*step.processor)->unhealthy()});
  return all;
}

Pipeline::Pipeline(std::string id, Signal signal, std::shared_ptr<ProcessorChain> processors,
                   std::vector<std::shared_ptr<Outlet>> outlets, PipelineSurroundings surroundings)
    : id_(std::move(id)),
      signal_(signal),
      processors_(std::move(processors)),
      outlets_(std::move(outlets)),
      surroundings_(surroundings) {
  std::stable_sort(outlets_.begin(), outlets_.end(),
                   [](const auto& a, const auto& b) { return a->kind() < b->kind(); });
  has_queue_ = std::any_of(outlets_.begin(), outlets_.end(), [](const auto& outlet) { return outlet->is_queue(); });
}

bool Pipeline::has_room(Bytes size, std::uint64_t records) const {
  return std::all_of(outlets_.begin(), outlets_.end(),
                     [&](const auto& outlet) { return outlet->waits_for_room() || outlet->has_room(size, records); });
}

bool Pipeline::reads_records() const {
  return processors_->has_work() ||
         std::all_of(outlets_.begin(), outlets_.end(), [](const auto& outlet) { return outlet->reads_records(); });
}

Result<Pipeline::Prepared> Pipeline::prepare(SignalBatch batch, Admission& admission, Bytes& wanted) const {
  Prepared prepared(*this, std::move(batch));
  prepared.arrived_ = prepared.batch_.record_count();
  if (processors_->has_work()) RANKWIRE_TRY(process(prepared, admission, wanted));
  prepared.records_ = prepared.batch_.record_count();
  if (!processors_->has_work()) processors_->count_passed(prepared.records_);
  if (prepared.records_ == 0) return prepared;
  if (has_queue_ && !prepared.batch_.is_wire()) {
    prepared.wire_.emplace(otlp::encode(prepared.batch_, surroundings_.environment.buffers.get()));
    prepared.wire_->set_client(prepared.batch_.client());
    // Beside what other pipelines of the same receiver have claimed for the same batch.
    const Bytes held = admission.held() + prepared.wire_->wire().size;
    if (!admission.grow_to(held)) {
      count_refused(held, prepared.records_, wanted);
      return admission.refusal(held);
    }
  }
  const SignalBatch& sized = prepared.wire_ ? *prepared.wire_ : prepared.batch_;
  prepared.size_ = sized.is_wire() ? sized.wire().size : Bytes{};
  RANKWIRE_TRY(reserve(prepared));
  return prepared;
}

void Pipeline::count_refused(Bytes total, std::uint64_t records, Bytes& wanted) const {
  wanted = total;
  processors_->count_refused(records);
}

Result<void> Pipeline::process(Prepared& prepared, Admission& admission, Bytes& wanted) const {
  if (prepared.batch_.is_wire()) {
    const ClientRef client = prepared.batch_.client();
    const WireBatch& wire = prepared.batch_.wire();
    const Bytes estimate = decoding_estimate(wire);
    auto records = decode_admitted(admission, estimate,
                                   [&wire](otlp::DecodeOptions options) { return otlp::decode(wire, options); });
    if (!records && (records.error().is_retryable() || records.error().kind() == ErrorKind::too_large))
      count_refused(admission.held() + estimate, prepared.arrived_, wanted);
    if (!records) return std::move(records).error();
    prepared.batch_ = std::move(*records);
    prepared.batch_.set_client(client);
  }
  if (is_planted(PlantedBug::masked_after_the_queue)) return {};
  return processors_->run(prepared.batch_, prepared.drops_);
}

Result<void> Pipeline::reserve_at(Outlet& outlet, const Prepared& prepared) const {
  const ClientRef& client = prepared.batch_.client();
  Result<void> reserved = outlet.reserve(prepared.size_, prepared.records_, client);
  if (reserved || reserved.error().kind() != ErrorKind::refused) return reserved;
  if (!outlet.waits_for_room() || LastAttempt::current() != nullptr) return reserved;
  // What is reserved at the outlets before stays reserved: their queues empty by themselves.
  const bool has_room = surroundings_.room.wait(surroundings_.environment.clock, surroundings_.stop, Deadline::never(),
                                                room_recheck, [&] {
                                                  reserved = outlet.reserve(prepared.size_, prepared.records_, client);
                                                  return reserved || reserved.error().kind() != ErrorKind::refused;
                                                });
  if (!has_room) return Error(ErrorKind::unavailable, "stopped while waiting for room in a queue");
  return reserved;
}

bool Pipeline::pass_over(const Outlet& outlet, std::uint64_t records, const Error& error) const {
  LastAttempt* const last = LastAttempt::current();
  if (last == nullptr || !error.is_retryable()) return false;
  last->was_any_passed_over = true;
  Environment& environment = surroundings_.environment;
  const std::string destination = outlet.label();
  environment.counters
      .counter("rankwire_passed_over_records_total",
               "Records that a component held back and that this destination did not take before it was stopped.",
               {{"destination", destination}, {"signal", std::string(to_string(signal_))}})
      .add(records);
  environment.log.error(
      "dropping records that were held back, as their component is stopped and this destination "
      "takes nothing",
      {{"destination", destination},
       {"pipeline", id_},
       {"records", records},
       {"reason", "shutdown"},
       {"error", error.message()}});
  return true;
}

Result<void> Pipeline::reserve(Prepared& prepared) const {
  while (prepared.reserved_ < outlets_.size()) {
    Outlet& outlet = *outlets_[prepared.reserved_];
    const Result<void> reserved = reserve_at(outlet, prepared);
    if (!reserved && pass_over(outlet, prepared.records_, reserved.error())) {
      prepared.passed_over_.resize(outlets_.size());
      prepared.passed_over_[prepared.reserved_] = true;
    } else if (!reserved) {
      refused_size_ = std::max<std::uint64_t>(prepared.size_.count, 1);
      refused_records_ = prepared.records_;
      return reserved;
    }
    ++prepared.reserved_;
  }
  refused_size_ = 1;
  refused_records_ = 1;
  return {};
}

Pipeline::Prepared::Prepared(Prepared&& other) noexcept
    : pipeline_(other.pipeline_),
      batch_(std::move(other.batch_)),
      wire_(std::move(other.wire_)),
      arrived_(other.arrived_),
      drops_(std::move(other.drops_)),
      reserved_(std::exchange(other.reserved_, 0)),
      passed_over_(std::move(other.passed_over_)),
      size_(other.size_),
      records_(other.records_) {}

Pipeline::Prepared::~Prepared() {
  for (std::size_t i = 0; i < reserved_; ++i)
    if (!is_passed_over(i)) pipeline_->outlets_[i]->unreserve(size_, records_);
}

Result<void> Pipeline::Prepared::commit(const CompletionRef& completion) {
  Accounting& accounting = pipeline_->surroundings_.accounting;
  const Signal signal = pipeline_->signal_;
  const auto& outlets = pipeline_->outlets_;
  const auto count_dropped = [&](std::uint64_t destinations) {
    for (const auto& [reason, records] : drops_)
      accounting.dropped(signal, "processor", reason, records * destinations);
  };
  if (records_ == 0) {
    accounting.accepted(signal, arrived_ * outlets.size());
    count_dropped(outlets.size());
    return {};
  }
  // What one destination will never take still goes to the others.
  Result<void> refused_for_good;
  const std::size_t count = std::exchange(reserved_, 0);
  for (std::size_t i = 0; i < count; ++i) {
    Outlet& outlet = *outlets[i];
    SignalBatch& form = outlet.is_queue() && wire_ ? *wire_ : batch_;
    Result<void> taken;
    bool goes_without = is_passed_over(i);
    if (!goes_without) {
      taken = outlet.take(form, i + 1 == count, completion);
      goes_without = !taken && pipeline_->pass_over(outlet, records_, taken.error());
    }
    if (goes_without) {
      accounting.dropped(signal, "processor", "shutdown", records_);
      taken = {};
    }
    if (!taken && taken.error().is_final()) {
      // Whoever refused has counted what came to it; what was dropped on the way is gone too, if this was the end.
      if (completion) {
        accounting.accepted(signal, arrived_ - records_);
        count_dropped(1);
      }
      if (refused_for_good) refused_for_good = std::move(taken);
      continue;
    }
    if (!taken) {
      for (std::size_t rest = i + 1; rest < count; ++rest)
        if (!is_passed_over(rest)) outlets[rest]->unreserve(size_, records_);
      return taken;
    }
    accounting.accepted(signal, arrived_);
    count_dropped(1);
  }
  return refused_for_good;
}

}  // namespace rankwire::service
