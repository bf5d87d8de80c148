#include "service/door.hpp"

#include <algorithm>
#include <cstring>

#include "service/last_attempt.hpp"

namespace rankwire::service {
namespace {

constexpr auto retry_delay = std::chrono::milliseconds(1000);

Error closed() { return Error(ErrorKind::refused, "the pipeline is being changed or stopped", retry_delay); }

}  // namespace

Door::Door(Signal signal, ComponentKind kind, std::string label, PipelineSurroundings surroundings,
           std::shared_ptr<MemoryBudget> budget, const std::string& pipeline)
    : signal_(signal),
      kind_(kind),
      label_(std::move(label)),
      surroundings_(surroundings),
      budget_(std::move(budget)),
      produced_(surroundings_.environment.counters, "otelcol_" + std::string(to_string(kind)) + "_produced_items",
                "Records the component handed to the pipelines.", component_labels(kind, label_, signal, pipeline)) {
  if (kind_ == ComponentKind::processor)
    outgoing_ = &surroundings_.environment.counters.counter(
        "otelcol_processor_outgoing_items", "Records the processor passed on.",
        {{"processor", label_}, {"otel_signal", std::string(to_string(signal))}});
  if (kind_ != ComponentKind::receiver) return;
  refused_admissions_ = &surroundings_.environment.counters.counter(
      "rankwire_receiver_refused_admissions_total", "Times a receiver was told to wait before decoding.",
      {{"receiver", label_}});
}

const ReceiverCounters& Door::counters_of(const char* transport) {
  const std::lock_guard lock(mutex_);
  for (const ReceiverCounters& counters : by_transport_)
    if (std::strcmp(counters.transport, transport) == 0) return counters;
  return by_transport_.emplace_back(surroundings_.environment.counters, label_, transport, signal_);
}

std::shared_ptr<Door::Chain> Door::current() const {
  const std::lock_guard lock(mutex_);
  return chain_;
}

PipelineSet Door::pipelines() const {
  const auto chain = current();
  return chain ? chain->pipelines : PipelineSet{};
}

bool Door::reads_records() const {
  const auto chain = current();
  return chain && std::all_of(chain->pipelines.begin(), chain->pipelines.end(),
                              [](const auto& pipeline) { return pipeline->reads_records(); });
}

bool Door::has_room(Bytes size, std::uint64_t records) const {
  // Whoever stops what is behind the door waits for this look, too.
  const Visit visit(*this);
  const PipelineSet* const all = visit.pipelines();
  return all != nullptr &&
         std::all_of(all->begin(), all->end(), [&](const auto& pipeline) { return pipeline->has_room(size, records); });
}

bool Door::has_room_again() const {
  const Visit visit(*this);
  const PipelineSet* const all = visit.pipelines();
  return all != nullptr &&
         std::all_of(all->begin(), all->end(), [](const auto& pipeline) { return pipeline->has_room_again(); });
}

Result<Admission> Door::admit(Bytes estimate) {
  const auto refuse = [this](Error error) {
    if (refused_admissions_) refused_admissions_->add();
    return error;
  };
  if (!current()) return refuse(closed());
  // The size is asked of queues bounded in bytes; a queue that holds less than one batch of this
  // size still takes smaller ones, so only what surely does not fit is refused here.
  if (LastAttempt::current() == nullptr && !has_room(1_B, 1))
    return refuse(Error(ErrorKind::refused, "an exporter's queue is full", retry_delay));
  if (!budget_->try_reserve(estimate)) {
    wanted_memory_ = estimate.count;
    return refuse(Error(ErrorKind::refused, "data refused due to high memory usage", retry_delay));
  }
  return Admission(budget_, estimate);
}

bool Door::wait_for_room(std::stop_token stop, Deadline deadline) {
  return surroundings_.room.wait(surroundings_.environment.clock, std::move(stop), deadline,
                                 std::min<Duration>(budget_->check_interval(), std::chrono::seconds(1)), [this] {
                                   return has_room_again() && budget_->has_room(Bytes{wanted_memory_.load()});
                                 });
}

Door::Visit::Visit(const Door& door) : door_(door) {
  const std::lock_guard lock(door_.mutex_);
  chain_ = door_.chain_;
  if (chain_) ++chain_->inside;
}

Door::Visit::~Visit() {
  if (!chain_) return;
  const std::lock_guard lock(door_.mutex_);
  if (--chain_->inside == 0) door_.left_.notify_all();
}

Result<void> Door::deliver(Admission admission, SignalBatch batch, CompletionRef completion) {
  Settlement settlement(completion);
  const std::uint64_t records = batch.record_count();
  const char* transport = batch.client() ? batch.client()->transport : "";
  if (records == 0) {
    settlement.settle();
    return {};
  }
  bool was_prepared = false;
  Result<void> result;
  {
    const Visit visit(*this);
    std::vector<Pipeline::Prepared> all;
    result = prepare(visit, admission, std::move(batch), all);
    was_prepared = result.has_value();
    if (result) result = commit(all, completion);
  }
  count(result, records, transport);
  // Whoever can replay would fail again: it ends here, and only other holders are still asked. (What an outlet
  // refused for good, it has counted.)
  if (result || result.error().is_final()) settlement.settle();
  if (!result && result.error().is_final() && completion && !was_prepared)
    count_dropped(records, "undeliverable", {}, {});
  return result;
}

Result<bool> Door::deliver_last(SignalBatch batch, CompletionRef completion) {
  const LastAttempt last;
  RANKWIRE_TRY(deliver({}, std::move(batch), std::move(completion)));
  return !last.was_any_passed_over;
}

Result<void> Door::deliver_together(std::vector<Part> parts, const CompletionRef& completion) {
  Settlement settlement(completion);
  std::erase_if(parts, [](const Part& part) { return part.batch.record_count() == 0; });
  std::vector<std::uint64_t> records;
  std::vector<Admission> admissions;
  // Destroyed before what they were admitted with; first the prepared, then the visits.
  std::vector<Visit> visits;
  std::vector<Pipeline::Prepared> all;
  Result<void> result;
  for (Part& part : parts) {
    records.push_back(part.batch.record_count());
    visits.emplace_back(*part.door);
    auto admission = part.door->admit(part.batch.memory_bytes());
    if (!admission) {
      result = std::move(admission).error();
      break;
    }
    admissions.push_back(std::move(*admission));
    result = part.door->prepare(visits.back(), admissions.back(), std::move(part.batch), all);
    if (!result) break;
  }
  const bool were_prepared = result.has_value();
  if (result) result = commit(all, completion);
  const bool is_dropped = !result && result.error().is_final() && completion && !were_prepared;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t count = i < records.size() ? records[i] : parts[i].batch.record_count();
    parts[i].door->count(result, count, "");
    if (is_dropped) parts[i].door->count_dropped(count, "undeliverable", {}, {});
  }
  if (result || result.error().is_final()) settlement.settle();
  return result;
}

Result<void> Door::prepare(const Visit& visit, Admission& admission, SignalBatch batch,
                           std::vector<Pipeline::Prepared>& into) {
  if (visit.pipelines() == nullptr) return closed();
  Bytes wanted;
  into.reserve(into.size() + visit.pipelines()->size());
  for (const auto& pipeline : *visit.pipelines()) {
    const bool is_last = &pipeline == &visit.pipelines()->back();
    auto prepared = pipeline->prepare(is_last ? std::move(batch) : batch.clone(), admission, wanted);
    wanted_memory_ = wanted.count;
    if (!prepared) return std::move(prepared).error();
    into.push_back(std::move(*prepared));
  }
  return {};
}

Result<void> Door::commit(std::vector<Pipeline::Prepared>& all, const CompletionRef& completion) {
  Result<void> refused_for_good;
  for (auto& prepared : all) {
    Result<void> committed = prepared.commit(completion);
    if (!committed && !committed.error().is_final()) return committed;
    if (!committed) refused_for_good = std::move(committed);
  }
  return refused_for_good;
}

void Door::count(const Result<void>& result, std::uint64_t records, const char* transport) {
  produced_.add(result, records);
  if (outgoing_ != nullptr && result) outgoing_->add(records);
  if (kind_ == ComponentKind::receiver) counters_of(transport).count(result, records);
}

void Door::count_dropped(std::uint64_t records, std::string_view reason, std::string_view kubernetes_namespace,
                         std::string_view pod) {
  std::uint64_t outlets = 0;
  for (const auto& pipeline : pipelines()) outlets += pipeline->outlet_count();
  surroundings_.accounting.accepted(signal_, records * outlets);
  const std::string_view stage = kind_ == ComponentKind::processor ? "processor" : "receiver";
  surroundings_.accounting.dropped(signal_, stage, reason, records * outlets, kubernetes_namespace, pod);
}

bool Door::lead_to(PipelineSet pipelines, Deadline deadline) {
  bool is_through = true;
  auto next = pipelines.empty() ? nullptr : std::make_shared<Chain>(Chain{std::move(pipelines)});
  {
    std::unique_lock lock(mutex_);
    const auto previous = std::exchange(chain_, next);
    if (previous) is_through = left_.wait_until(lock, deadline.at, [&] { return previous->inside == 0; });
  }
  surroundings_.room.notify();
  return is_through;
}

}  // namespace rankwire::service
