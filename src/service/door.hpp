// The Intake of one receiver or connector for one signal. It stays the same while reloads swap the
// pipelines behind it.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "component/intake.hpp"
#include "service/flow_counters.hpp"
#include "service/memory_budget.hpp"
#include "service/pipeline.hpp"

namespace rankwire::service {

using PipelineSet = std::vector<std::shared_ptr<const Pipeline>>;

class Door final : public Intake {
 public:
  // Of a receiver, a connector or a processor that holds data back; `label` is its id as it is written, `pipeline`
  // that of such a processor.
  Door(Signal signal, ComponentKind kind, std::string label, PipelineSurroundings surroundings,
       std::shared_ptr<MemoryBudget> budget, const std::string& pipeline = {});

  Result<Admission> admit(Bytes estimate) override;
  Bytes admission_max() const override { return budget_->reserve_max(); }
  bool wait_for_room(std::stop_token stop, Deadline deadline) override;
  Result<void> deliver(Admission admission, SignalBatch batch, CompletionRef completion) override;
  Result<bool> deliver_last(SignalBatch batch, CompletionRef completion) override;
  void count_dropped(std::uint64_t records, std::string_view reason, std::string_view kubernetes_namespace,
                     std::string_view pod) override;

  bool reads_records() const override;
  bool has_room(Bytes size, std::uint64_t records) const override;

  struct Part {
    Door* door;
    SignalBatch batch;
  };
  // As PipelineDoors::deliver.
  static Result<void> deliver_together(std::vector<Part> parts, const CompletionRef& completion);
  // Leads to other pipelines from now on and waits until the deliveries under way are through; false
  // if some are not by the deadline. An empty set closes the door: everything is refused.
  bool lead_to(PipelineSet pipelines, Deadline deadline);
  PipelineSet pipelines() const;

 private:
  // What deliveries under way hold; counted so that `lead_to` can wait for them.
  struct Chain {
    PipelineSet pipelines;
    int inside = 0;  // Guarded by mutex_.
  };
  // A delivery under way.
  class Visit {
   public:
    explicit Visit(const Door& door);
    Visit(Visit&& other) noexcept : door_(other.door_), chain_(std::move(other.chain_)) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit();
    const PipelineSet* pipelines() const { return chain_ ? &chain_->pipelines : nullptr; }

   private:
    const Door& door_;
    std::shared_ptr<Chain> chain_;
  };
  std::shared_ptr<Chain> current() const;
  bool has_room_again() const;
  // All of the pipelines or, after an error, none.
  Result<void> prepare(const Visit& visit, Admission& admission, SignalBatch batch,
                       std::vector<Pipeline::Prepared>& into);
  static Result<void> commit(std::vector<Pipeline::Prepared>& all, const CompletionRef& completion);
  void count(const Result<void>& result, std::uint64_t records, const char* transport);
  // Of a receiver only. Few, and one lock for each batch.
  const ReceiverCounters& counters_of(const char* transport);

  const Signal signal_;
  const ComponentKind kind_;
  const std::string label_;
  const PipelineSurroundings surroundings_;
  const std::shared_ptr<MemoryBudget> budget_;
  const FlowCounter produced_;
  Counter* outgoing_ = nullptr;  // Of a processor.
  Counter* refused_admissions_ = nullptr;
  // Memory that the batch refused last needs, so that who waits for room does not come back too early.
  std::atomic<std::uint64_t> wanted_memory_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable left_;
  std::shared_ptr<Chain> chain_;              // Guarded by mutex_. Null: closed.
  std::list<ReceiverCounters> by_transport_;  // Guarded by mutex_; what is in it stays.
};

}  // namespace rankwire::service
