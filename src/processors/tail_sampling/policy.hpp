// One policy: what it says about a trace. Deciding is one thread's; a policy may remember what it decided.
#pragma once

#include <memory>
#include <vector>

#include "ottl/program.hpp"
#include "processors/tail_sampling/tail_sampling_config.hpp"

namespace rankwire::tail_sampling {

enum class Decision : std::uint8_t { not_sampled, sampled, dropped, failed };

// What is decided about.
struct Candidate {
  TraceId id;
  std::uint64_t span_count = 0;
  std::uint64_t bytes = 0;      // As OTLP.
  TraceBatch* spans = nullptr;  // There if a policy looks at spans. Conditions may own lists in it, and change nothing.
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual Decision decide(Candidate& trace) = 0;
  virtual bool looks_at_spans() const = 0;
};

// Outlives the policies.
struct PolicyWorld {
  ottl::World ottl;
  ottl::ErrorReporter::Owner owner;
};

// Of settings that have been validated.
std::unique_ptr<Policy> make_policy(const PolicySettings& settings, PolicyWorld& world);
std::unique_ptr<Policy> make_leaf_policy(const LeafPolicy& settings, PolicyWorld& world);

// Whether a tracestate is valid and its member `key` has one of these values.
bool has_trace_state(std::string_view text, std::string_view key, const std::vector<std::string>& values);

}  // namespace rankwire::tail_sampling
