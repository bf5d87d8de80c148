// Processors and outlets of one pipeline. Immutable once built; batches run through it on the
// threads of receivers, several at once.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "component/component.hpp"
#include "component/intake.hpp"
#include "service/accounting.hpp"
#include "service/flow_counters.hpp"
#include "service/outlet.hpp"
#include "service/room_signal.hpp"

namespace rankwire::service {

// Records that processors took out of one batch, by their reason. Empty for most batches.
using Drops = std::vector<std::pair<std::string_view, std::uint64_t>>;

// A processor that runs. A reload that changes others of its pipeline makes a new chain with the same one: what it
// knows lives on. Started and stopped by one thread.
class RunningProcessor {
 public:
  explicit RunningProcessor(std::unique_ptr<Processor> processor) : processor_(std::move(processor)) {}
  Processor* operator->() const { return processor_.get(); }
  // Unless it runs already.
  Result<void> start(Host& host) {
    if (is_started_) return {};
    RANKWIRE_TRY(processor_->start(host));
    is_started_ = true;
    return {};
  }
  void stop(Deadline deadline) {
    if (std::exchange(is_started_, false)) processor_->stop(deadline);
  }

 private:
  const std::unique_ptr<Processor> processor_;
  bool is_started_ = false;
};

// The processors of one pipeline: kept when only its exporters change.
class ProcessorChain {
 public:
  struct Step {
    std::string label;  // As written in the configuration.
    std::shared_ptr<RunningProcessor> processor;
    Counter* incoming = nullptr;
    Counter* outgoing = nullptr;
    Histogram* duration = nullptr;
    FlowCounter consumed, produced;
    // Of a memory limiter only.
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
  };

  ProcessorChain(std::vector<Step> steps, Signal signal, const std::string& pipeline, Environment& environment);
  Result<void> start(Host& host);
  // But for those that run on in another chain.
  void stop(Deadline deadline, const std::set<const RunningProcessor*>& kept = {});
  // Whether any of them looks at records.
  bool has_work() const { return has_work_; }
  const std::vector<Step>& steps() const { return steps_; }
  Result<void> run(SignalBatch& batch, Drops& drops) const;
  // Of a batch that need not run through because there is no work: the counters see it all the same.
  void count_passed(std::uint64_t records) const;
  // Of a batch that found no memory.
  void count_refused(std::uint64_t records) const;
  std::vector<ComponentHealth> health() const;

 private:
  static void count_step(const Step& step, const Result<void>& result, std::uint64_t before, std::uint64_t after);

  Clock& clock_;
  std::vector<Step> steps_;
  bool has_work_ = false;
};

// Shared by the pipelines of a service.
struct PipelineSurroundings {
  Environment& environment;
  Accounting& accounting;
  RoomSignal& room;
  std::stop_token stop;  // Ends waiting for room in queues that block.
};

class Pipeline {
 public:
  // Outlets are sorted by kind here. They are shared with other pipelines.
  Pipeline(std::string id, Signal signal, std::shared_ptr<ProcessorChain> processors,
           std::vector<std::shared_ptr<Outlet>> outlets, PipelineSurroundings surroundings);

  // A batch that has been processed and has its place at every outlet; give up by destroying it.
  class Prepared {
   public:
    Prepared(const Pipeline& pipeline, SignalBatch batch) : pipeline_(&pipeline), batch_(std::move(batch)) {}
    Prepared(Prepared&& other) noexcept;
    Prepared& operator=(Prepared&&) = delete;
    ~Prepared();
    // Hands the batch to every outlet. After an error some outlets may have it.
    Result<void> commit(const CompletionRef& completion);

   private:
    friend class Pipeline;
    const Pipeline* pipeline_;
    SignalBatch batch_;
    std::optional<SignalBatch> wire_;  // Encoded for the queues, unless batch_ is wire.
    std::uint64_t arrived_ = 0;        // Records before the processors.
    Drops drops_;
    std::size_t reserved_ = 0;       // Outlets, from the front, that hold a reservation.
    std::vector<bool> passed_over_;  // Outlets that hold none all the same; empty: there are none.
    bool is_passed_over(std::size_t outlet) const { return !passed_over_.empty() && passed_over_[outlet]; }
    Bytes size_;
    std::uint64_t records_ = 0;
  };

  // Decodes if a processor must look inside, runs the processors, encodes once if there is a queue.
  // `admission` grows with what that takes.
  // Refused for want of memory, `wanted` says how much there must be in all.
  Result<Prepared> prepare(SignalBatch batch, Admission& admission, Bytes& wanted) const;

  bool has_room(Bytes size, std::uint64_t records) const;
  // Whether the batch that was last refused may be taken now.
  bool has_room_again() const { return has_room(Bytes{refused_size_.load()}, refused_records_.load()); }
  // Whether everything here wants memory form.
  bool reads_records() const;
  // How many destinations a record that enters here has.
  std::uint64_t outlet_count() const { return outlets_.size(); }
  Signal signal() const { return signal_; }
  const std::string& id() const { return id_; }
  const ProcessorChain* processors() const { return processors_.get(); }

 private:
  // A batch found no memory: it wants `total`.
  void count_refused(Bytes total, std::uint64_t records, Bytes& wanted) const;
  Result<void> process(Prepared& prepared, Admission& admission, Bytes& wanted) const;
  Result<void> reserve(Prepared& prepared) const;
  Result<void> reserve_at(Outlet& outlet, const Prepared& prepared) const;
  // Whether this is the last attempt, and the outlet, which refused, goes without the batch.
  bool pass_over(const Outlet& outlet, std::uint64_t records, const Error& error) const;

  const std::string id_;
  const Signal signal_;
  const std::shared_ptr<ProcessorChain> processors_;
  std::vector<std::shared_ptr<Outlet>> outlets_;
  const PipelineSurroundings surroundings_;
  bool has_queue_ = false;
  mutable std::atomic<std::uint64_t> refused_size_{1}, refused_records_{1};
};

}  // namespace rankwire::service
