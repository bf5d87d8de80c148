#include "processors/tail_sampling/decider.hpp"

#include <algorithm>

namespace rankwire::tail_sampling {
namespace {

constexpr const char* decision_names[3] = {"not_sampled", "sampled", "dropped"};

Labels decision_labels(Labels labels, std::size_t decision) {
  labels.emplace_back("sampled", decision == static_cast<std::size_t>(Decision::sampled) ? "true" : "false");
  labels.emplace_back("decision", decision_names[decision]);
  return labels;
}

}  // namespace

Decider::Decider(const TailSamplingConfig& config, Environment& environment, const std::string& id,
                 const Labels& labels)
    : world_{{environment.clock, environment.random}, {id, environment.log, environment.counters}},
      stops_at_first_(config.sample_on_first_match),
      failures_(environment.counters.counter("otelcol_processor_tail_sampling_sampling_policy_evaluation_error",
                                             "Policies that failed for a trace.", labels)) {
  Counters& counters = environment.counters;
  for (std::size_t i = 0; i < 3; ++i)
    ended_[i] = &counters.counter("otelcol_processor_tail_sampling_global_count_traces_sampled", "Traces decided.",
                                  decision_labels(labels, i));
  for (const bool drops : {true, false}) {
    for (const PolicySettings& settings : config.policies) {
      if ((settings.type == PolicyType::drop) != drops) continue;
      Labels own = labels;
      own.emplace_back("policy", settings.name);
      Entry entry{.policy = make_policy(settings, world_),
                  .counts = {},
                  .runs = &counters.counter("otelcol_processor_tail_sampling_sampling_policy_execution_count",
                                            "Traces that the policy was asked about.", own)};
      for (std::size_t i = 0; i < 3; ++i)
        entry.counts[i] = &counters.counter("otelcol_processor_tail_sampling_count_traces_sampled",
                                            "What the policy said about traces.", decision_labels(own, i));
      looks_at_spans_ = looks_at_spans_ || entry.policy->looks_at_spans();
      entries_.push_back(std::move(entry));
    }
  }
}

Decision Decider::ask(Entry& entry, Candidate& trace) {
  const Decision decision = entry.policy->decide(trace);
  entry.runs->add();
  if (decision == Decision::failed) {
    failures_.add();
  } else {
    entry.counts[index_of(decision)]->add();
  }
  return decision;
}

Decision Decider::decide(Candidate& trace) {
  Decision final = Decision::not_sampled;
  for (Entry& entry : entries_) {
    const Decision decision = ask(entry, trace);
    if (decision == Decision::dropped) return decision;
    if (decision != Decision::sampled) continue;
    final = decision;
    if (stops_at_first_) break;
  }
  return final;
}

Decision Decider::decide_part(Candidate& part) {
  for (Entry& entry : entries_)
    if (const Decision decision = ask(entry, part); decision == Decision::dropped || decision == Decision::sampled)
      return decision;
  return Decision::not_sampled;
}

}  // namespace rankwire::tail_sampling
