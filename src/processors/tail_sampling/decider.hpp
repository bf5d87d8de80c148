// All policies together: what becomes of a trace. One thread's.
#pragma once

#include <memory>
#include <vector>

#include "component/component.hpp"
#include "processors/tail_sampling/policy.hpp"

namespace rankwire::tail_sampling {

class Decider {
 public:
  Decider(const TailSamplingConfig& config, Environment& environment, const std::string& id, const Labels& labels);

  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  bool looks_at_spans() const { return looks_at_spans_; }
  // Sampled or dropped or neither. Of a whole trace.
  Decision decide(Candidate& trace);
  // Of a part of one: not sampled means that another part may say more.
  Decision decide_part(Candidate& part);
  // For the figures: a trace's end.
  void count(Decision decision) { ended_[index_of(decision)]->add(); }

 private:
  struct Entry {
    std::unique_ptr<Policy> policy;
    Counter* counts[3];  // By decision.
    Counter* runs;
  };
  static std::size_t index_of(Decision decision) { return static_cast<std::size_t>(decision); }
  Decision ask(Entry& entry, Candidate& trace);

  PolicyWorld world_;
  const bool stops_at_first_;
  bool looks_at_spans_ = false;
  std::vector<Entry> entries_;  // Those that drop come first.
  Counter* ended_[3];
  Counter& failures_;
};

}  // namespace rankwire::tail_sampling
