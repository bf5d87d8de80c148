// Policies made of policies.
#include <algorithm>

#include "processors/tail_sampling/policy.hpp"

namespace rankwire::tail_sampling {
namespace {

using Policies = std::vector<std::unique_ptr<Policy>>;

bool any_looks(const Policies& policies) {
  return std::any_of(policies.begin(), policies.end(), [](const auto& policy) { return policy->looks_at_spans(); });
}

// `whole` if all sample.
class AllOf final : public Policy {
 public:
  AllOf(Policies policies, Decision whole) : policies_(std::move(policies)), whole_(whole) {}
  Decision decide(Candidate& trace) override {
    for (const auto& policy : policies_)
      if (const Decision decision = policy->decide(trace); decision != Decision::sampled) return decision;
    return whole_;
  }
  bool looks_at_spans() const override { return any_looks(policies_); }

 private:
  const Policies policies_;
  const Decision whole_;
};

class Not final : public Policy {
 public:
  explicit Not(std::unique_ptr<Policy> policy) : policy_(std::move(policy)) {}
  Decision decide(Candidate& trace) override {
    switch (const Decision decision = policy_->decide(trace); decision) {
      case Decision::sampled: return Decision::not_sampled;
      case Decision::not_sampled: return Decision::sampled;
      default: return decision;
    }
  }
  bool looks_at_spans() const override { return policy_->looks_at_spans(); }

 private:
  const std::unique_ptr<Policy> policy_;
};

// The first that samples decides; if that would be more than its share of spans in this second, the trace is not
// sampled. A smaller one may still be.
class Composite final : public Policy {
 public:
  struct Part {
    std::unique_ptr<Policy> policy;
    std::int64_t spans_max = 0;
    std::int64_t spans = 0;  // In this second.
  };

  Composite(std::vector<Part> parts, std::int64_t total_max, const Clock& clock)
      : parts_(std::move(parts)), total_max_(total_max), clock_(clock) {}

  Decision decide(Candidate& trace) override {
    if (const std::uint64_t second = clock_.unix_nanos() / 1'000'000'000; second != second_) {
      second_ = second;
      for (Part& part : parts_) part.spans = 0;
    }
    for (Part& part : parts_) {
      const Decision decision = part.policy->decide(trace);
      if (decision == Decision::failed) return decision;
      if (decision != Decision::sampled) continue;
      const std::int64_t spans = part.spans + static_cast<std::int64_t>(trace.span_count);
      if (spans > part.spans_max || spans > total_max_) return Decision::not_sampled;
      part.spans = spans;
      return Decision::sampled;
    }
    return Decision::not_sampled;
  }
  bool looks_at_spans() const override {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.policy->looks_at_spans(); });
  }

 private:
  std::vector<Part> parts_;
  const std::int64_t total_max_;
  const Clock& clock_;
  std::uint64_t second_ = 0;
};

// The last share of several for one name; none: 0.
std::int64_t share_of(const CompositeSettings& settings, const std::string& name) {
  const auto total = static_cast<double>(settings.max_total_spans_per_second);
  double share = 0;
  for (const RateAllocation& allocation : settings.rate_allocation) {
    if (allocation.policy != name) continue;
    share = allocation.percent > 0 ? static_cast<double>(allocation.percent) / 100 * total
                                   : total / static_cast<double>(settings.sub_policies.size());
  }
  return static_cast<std::int64_t>(std::min(share, 9e18));
}

std::unique_ptr<Policy> make_inner(const InnerPolicy& settings, PolicyWorld& world) {
  if (settings.type != PolicyType::not_policy) return make_leaf_policy(settings, world);
  return std::make_unique<Not>(make_leaf_policy(*settings.negated->sub_policy, world));
}

std::unique_ptr<Policy> make_all(const std::vector<InnerPolicy>& settings, Decision whole, PolicyWorld& world) {
  Policies policies;
  for (const InnerPolicy& one : settings) policies.push_back(make_inner(one, world));
  return std::make_unique<AllOf>(std::move(policies), whole);
}

std::unique_ptr<Policy> make_part(const CompositePolicy& settings, PolicyWorld& world) {
  if (settings.type == PolicyType::and_policy)
    return make_all(settings.all_of.value_or(AndSettings{}).sub_policies, Decision::sampled, world);
  return make_inner(settings, world);
}

std::unique_ptr<Policy> make_composite(const CompositeSettings& settings, PolicyWorld& world) {
  std::vector<Composite::Part> parts;
  for (const CompositePolicy& one : settings.sub_policies)
    parts.push_back({make_part(one, world), share_of(settings, one.name), 0});
  return std::make_unique<Composite>(std::move(parts), settings.max_total_spans_per_second, world.ottl.clock);
}

}  // namespace

std::unique_ptr<Policy> make_policy(const PolicySettings& settings, PolicyWorld& world) {
  if (settings.type == PolicyType::drop) return make_all(settings.drop->sub_policies, Decision::dropped, world);
  if (settings.type == PolicyType::composite) return make_composite(*settings.composite, world);
  return make_part(settings, world);
}

}  // namespace rankwire::tail_sampling
